import { Show, type JSX } from "solid-js";
import type { ImportMode, ImportWish } from "../../api/import-calls.ts";
import { Select } from "../../kit/select.tsx";
import { t } from "../../messages/messages.ts";
import { importColumns } from "./import-words.ts";
import styles from "./import.module.css";

/** What is in the file, and what becomes of members who are not in it. */
export function ImportChoices(props: {
  readonly kinds: readonly ImportWish["kind"][];
  readonly kind: ImportWish["kind"];
  readonly mode: ImportMode;
  readonly onKind: (kind: ImportWish["kind"]) => void;
  readonly onMode: (mode: ImportMode) => void;
}): JSX.Element {
  const columns = () => importColumns[props.kind];
  return (
    <>
      <div class={styles["field"]}>
        <span aria-hidden="true">{t("import.kind")}</span>
        <Select
          label={t("import.kind")}
          value={props.kind}
          options={props.kinds.map((value) => ({ value, text: t(`import.kind.${value}`) }))}
          onChange={props.onKind}
        />
        <span class={styles["hint"]}>
          {t("import.columns", {
            columns: [...columns().needed, ...columns().optional].join(", "),
          })}{" "}
          <Show when={columns().optional.length > 0}>
            {t("import.columnsOptional", { columns: columns().optional.join(", ") })}
          </Show>
        </span>
      </div>
      <Show when={props.kind === "members"}>
        <div class={styles["field"]}>
          <span aria-hidden="true">{t("import.mode")}</span>
          <Select
            label={t("import.mode")}
            value={props.mode}
            options={(["add", "replace"] as const).map((value) => ({
              value,
              text: t(`import.mode.${value}`),
            }))}
            onChange={props.onMode}
          />
        </div>
      </Show>
    </>
  );
}
