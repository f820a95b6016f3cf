import { createSignal, type JSX } from "solid-js";
import type { ImportWish } from "../../api/import-calls.ts";
import { queryClient } from "../../api/query-client.ts";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/dialog.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/messages.ts";
import type { Checked } from "./import-state.ts";

/** Does what was shown; asks once more where members go. */
export function ApplyImport(props: {
  readonly checked: Checked;
  readonly busy: boolean;
  readonly send: (wish: ImportWish, dryRun: boolean) => Promise<boolean>;
}): JSX.Element {
  const [asking, setAsking] = createSignal(false);
  const counts = () => props.checked.answer.counts;
  const whyNot = (): string | null => {
    if (props.busy) return t("import.applying");
    if (counts().faults > 0) return t("import.notWithFaults");
    const none = counts().created + counts().changed + counts().removed === 0;
    return none ? t("import.nothingToDo") : null;
  };
  const apply = async (): Promise<void> => {
    if (!(await props.send(props.checked.wish, false))) return;
    showToast({ tone: "info", title: t("import.done") });
    // Other pages list what has come.
    await queryClient.invalidateQueries();
    document.getElementById("import-result")?.focus();
  };
  return (
    <div>
      <Button
        variant="primary"
        disabledReason={whyNot()}
        onClick={() => (counts().removed > 0 ? setAsking(true) : void apply())}
      >
        {props.busy ? t("import.applying") : t("import.apply")}
      </Button>
      <Confirm
        open={asking()}
        onOpenChange={setAsking}
        title={t("import.removeTitle", { count: counts().removed })}
        confirm={t("import.apply")}
        cancel={t("app.cancel")}
        danger
        onConfirm={() => void apply()}
      >
        <p>{t("import.removeText")}</p>
      </Confirm>
    </div>
  );
}
