import { For, Show, type JSX } from "solid-js";
import type { AuditRecord } from "../../api/admin-calls.ts";
import { t } from "../../messages/admin.ts";
import { detailLines } from "./audit-filters.ts";
import { Fact } from "./fact.tsx";
import styles from "./admin.module.css";

/** All that a record of the trail holds. */
export function AuditDetail(props: { readonly record: AuditRecord }): JSX.Element {
  const subject = (): string =>
    [props.record.subjectKind, props.record.subjectId].filter((it) => it !== null).join(" ");
  return (
    <dl class={styles["facts"]}>
      <Plain name={t("audit.id")} value={props.record.id} />
      <Plain name={t("audit.subject")} value={subject()} />
      <Plain name={t("audit.request")} value={props.record.requestId} />
      <Plain name={t("audit.signIn")} value={props.record.signInId} />
      <For each={detailLines(props.record.detail)}>
        {([name, value]) => <Plain name={name} value={value} />}
      </For>
    </dl>
  );
}

function Plain(props: { readonly name: string; readonly value: string | null }): JSX.Element {
  return (
    <Show when={props.value}>
      {(value) => (
        <Fact name={props.name}>
          <code>{value()}</code>
        </Fact>
      )}
    </Show>
  );
}
