import { createSignal, createUniqueId, Show, type JSX } from "solid-js";
import { Button } from "../../kit/button.tsx";
import { Select } from "../../kit/select.tsx";
import { t } from "../../messages/admin.ts";
import { auditFaults, auditFilters, type AuditView } from "./audit-filters.ts";
import { zoneName } from "./local-time.ts";
import styles from "./admin.module.css";

/** Actions are named in one language: they stand in scripts. */
const actionExample = "instance.*";

interface AuditFilterRowProps {
  readonly view: AuditView;
  readonly onChange: (name: string, value: string) => void;
}

/** What narrows the trail down. Each field acts once it is left, or with Enter. */
export function AuditFilterRow(props: AuditFilterRowProps): JSX.Element {
  const faults = () => auditFaults(props.view);
  const set = (): boolean => auditFilters.some((it) => props.view[it] !== "");
  const [open, setOpen] = createSignal(set());
  return (
    <div class={`${styles["filters"]} ${open() ? "" : styles["folded"]}`}>
      <div class={styles["fold"]}>
        <Button aria-expanded={open()} onClick={() => setOpen(!open())}>
          {t("audit.filters")}
        </Button>
      </div>
      <FilterField
        {...props}
        name="actor"
        label={t("audit.actor")}
        error={faults().actor ? t("mayStart.userWrong") : undefined}
      />
      <FilterField
        {...props}
        name="action"
        label={t("audit.action")}
        placeholder={actionExample}
        error={faults().action ? t("audit.actionWrong") : undefined}
      />
      <FilterField {...props} name="from" label={t("audit.from")} type="datetime-local" />
      <FilterField {...props} name="until" label={t("audit.until")} type="datetime-local" />
      <div class={styles["filter"]}>
        <span aria-hidden="true">{t("audit.outcome")}</span>
        <Select
          label={t("audit.outcome")}
          value={props.view.outcome}
          options={[
            { value: "", text: t("audit.outcome.any") },
            { value: "allowed", text: t("audit.outcome.allowed") },
            { value: "refused", text: t("audit.outcome.refused") },
          ]}
          onChange={(value) => props.onChange("outcome", value)}
        />
      </div>
      <p class={`${styles["muted"]} ${styles["small"]} ${styles["zone"]}`}>
        {t("admin.zone", { zone: zoneName() })}
      </p>
    </div>
  );
}

function FilterField(
  props: AuditFilterRowProps & {
    readonly name: "actor" | "action" | "from" | "until";
    readonly label: string;
    readonly type?: string;
    readonly placeholder?: string;
    readonly error?: string | undefined;
  },
): JSX.Element {
  const id = createUniqueId();
  return (
    <label>
      {props.label}
      <input
        type={props.type ?? "text"}
        value={props.view[props.name]}
        placeholder={props.placeholder}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        aria-invalid={props.error === undefined ? undefined : "true"}
        aria-describedby={props.error === undefined ? undefined : id}
        onChange={(event) => props.onChange(props.name, event.currentTarget.value)}
      />
      <Show when={props.error}>
        {(text) => (
          <span id={id} class={styles["fault"]}>
            {text()}
          </span>
        )}
      </Show>
    </label>
  );
}
