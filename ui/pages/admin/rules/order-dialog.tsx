import type { JSX } from "solid-js";
import type { AdminRule } from "../../../../gateway/rule-schemas.ts";
import { orderRules } from "../../../api/rule-calls.ts";
import { t } from "../../../messages/rules.ts";
import { ReasonDialog } from "./reason-dialog.tsx";

/** Saves another order of the rules, with its reason. */
export function OrderDialog(props: {
  readonly open: boolean;
  readonly ids: readonly string[];
  readonly onClose: () => void;
  readonly onSaved: (rules: AdminRule[]) => void;
}): JSX.Element {
  return (
    <ReasonDialog
      open={props.open}
      title={t("rules.orderTitle")}
      submit={t("users.save")}
      onClose={props.onClose}
      onSubmit={async (reason, confirm) => {
        const { items } = await orderRules({ ids: [...props.ids], reason, confirm });
        props.onSaved(items);
      }}
    >
      <p>{t("rules.orderText")}</p>
    </ReasonDialog>
  );
}
