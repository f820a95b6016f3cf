import { createSignal, Show, type JSX } from "solid-js";
import { endGoneNode, type NodeDetail } from "../../api/scheduler-calls.ts";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/dialog.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/scheduler.ts";
import { toastRefusal } from "./toast-refusal.ts";

interface NodeGoneProps {
  readonly node: NodeDetail;
  readonly onChanged: (node: NodeDetail) => void;
}

/** Of a lost node: its machine will not come back, and what stands there is ended. */
export function NodeGone(props: NodeGoneProps): JSX.Element {
  const [asking, setAsking] = createSignal(false);
  const name = (): string => props.node.name;
  const count = (): number => props.node.allocated.instances;
  const end = async (): Promise<void> => {
    try {
      props.onChanged(await endGoneNode(props.node.id));
      showToast({ tone: "info", title: t("node.goneDone", { name: name() }) });
    } catch (error) {
      toastRefusal(error);
    }
  };
  return (
    <>
      <Button onClick={() => setAsking(true)}>{t("node.gone")}</Button>
      <Confirm
        open={asking()}
        onOpenChange={setAsking}
        title={t("node.goneTitle", { name: name() })}
        confirm={t("node.goneConfirm")}
        cancel={t("app.cancel")}
        danger
        onConfirm={() => void end()}
      >
        <p>{t("node.goneText")}</p>
        <Show when={count() > 0}>
          <p>{t("node.goneHere", { count: count() })}</p>
        </Show>
      </Confirm>
    </>
  );
}
