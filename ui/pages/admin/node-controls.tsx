import { createSignal, Show, type JSX } from "solid-js";
import { patchNode, type NodeDetail, type NodePatch } from "../../api/scheduler-calls.ts";
import { Button } from "../../kit/button.tsx";
import { Field } from "../../kit/field.tsx";
import { Switch } from "../../kit/switch.tsx";
import { showToast } from "../../kit/toasts.ts";
import { limit } from "../../components/limit.ts";
import { t } from "../../messages/scheduler.ts";
import { AdminForm } from "./admin-form.tsx";
import { faultsFrom } from "./faults.ts";
import { FormDialog } from "./form-dialog.tsx";
import { NodeGone } from "./node-gone.tsx";
import { textIn } from "./text-in.ts";
import { toastRefusal } from "./toast-refusal.ts";
import styles from "./node.module.css";

interface NodeControlsProps {
  readonly node: NodeDetail;
  readonly onChanged: (node: NodeDetail) => void;
}

/** Whether it takes new desktops, and its being emptied: each with who says so and why. */
export function NodeControls(props: NodeControlsProps): JSX.Element {
  const [asking, setAsking] = createSignal<"drain" | "close" | null>(null);
  const name = (): string => props.node.name;
  const change = async (patch: NodePatch, done: string): Promise<void> => {
    try {
      props.onChanged(await patchNode(props.node.id, patch));
      showToast({ tone: "info", title: done });
    } catch (error) {
      toastRefusal(error);
    }
  };
  return (
    <div class={styles["controls"]}>
      <span class={styles["switch"]}>
        <span aria-hidden="true">{t("node.takes")}</span>
        <Switch
          label={t("node.takesWho", { name: name() })}
          checked={props.node.schedulable}
          onChange={(on) => {
            if (on) void change({ schedulable: true }, t("node.changedOn", { name: name() }));
            else setAsking("close");
          }}
        />
      </span>
      <Show
        when={props.node.draining}
        fallback={<Button onClick={() => setAsking("drain")}>{t("node.drain")}</Button>}
      >
        <Button
          onClick={() => void change({ draining: false }, t("node.undrained", { name: name() }))}
        >
          {t("node.undrain")}
        </Button>
      </Show>
      <Show when={props.node.state === "lost"}>
        <NodeGone {...props} />
      </Show>
      <AskWhy
        {...props}
        open={asking() === "drain"}
        onClose={() => setAsking(null)}
        title={t("node.drainTitle", { name: name() })}
        text={drainText(props.node)}
        submit={t("node.drainConfirm")}
        patch={{ draining: true }}
        done={t("node.draining", { name: name() })}
      />
      <AskWhy
        {...props}
        open={asking() === "close"}
        onClose={() => setAsking(null)}
        title={t("node.closeTitle", { name: name() })}
        text={t("node.closeText")}
        submit={t("node.closeConfirm")}
        patch={{ schedulable: false }}
        done={t("node.changedOff", { name: name() })}
      />
    </div>
  );
}

/** Whom it touches. */
function drainText(node: NodeDetail): string {
  const count = node.allocated.instances;
  if (count === 0) return t("node.drainEmpty");
  return t("node.drainText", {
    count: node.people,
    desktops: t("node.desktops", { count }),
  });
}

interface AskWhyProps extends NodeControlsProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly text: string;
  readonly submit: string;
  readonly patch: NodePatch;
  readonly done: string;
}

/** Asks for the reason before something that others will feel. */
function AskWhy(props: AskWhyProps): JSX.Element {
  return (
    <FormDialog open={props.open} onClose={props.onClose} title={props.title}>
      {(form) => (
        <AdminForm
          submit={props.submit}
          onCancel={form.onCancel}
          onTouched={form.onTouched}
          faultsOf={(error) => faultsFrom(error, { reason: t("node.reasonWrong") })}
          onSubmit={async (entries) => {
            const reason = textIn(entries, "reason");
            const node = await patchNode(props.node.id, { ...props.patch, reason });
            form.onDone();
            props.onChanged(node);
            showToast({ tone: "info", title: props.done });
          }}
        >
          {(faults) => (
            <>
              <p>{props.text}</p>
              <Field
                label={t("node.reasonLabel")}
                name="reason"
                {...limit(500)}
                optional={t("users.optional")}
                hint={t("node.reasonHint")}
                error={faults().reason}
              />
            </>
          )}
        </AdminForm>
      )}
    </FormDialog>
  );
}
