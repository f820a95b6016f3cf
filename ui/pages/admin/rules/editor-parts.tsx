import { Show, type JSX } from "solid-js";
import type { AdminRule } from "../../../../gateway/rule-schemas.ts";
import { Button } from "../../../kit/button.tsx";
import { Notice } from "../../../kit/notice.tsx";
import { t } from "../../../messages/rules.ts";
import { isChanged, type Draft } from "./draft.ts";
import form from "./form.module.css";
import styles from "./rules.module.css";

interface PartProps {
  readonly draft: Draft;
  readonly rule: AdminRule | undefined;
}

/** What can be done with a draft, and what saving it means. */
export function SaveBar(props: PartProps & { readonly onDiscard: () => void }): JSX.Element {
  const changed = (): boolean => isChanged(props.draft);
  return (
    <div class={styles["saveBar"]}>
      <Button
        type="submit"
        variant="primary"
        disabledReason={changed() ? null : t("rules.nothingChanged")}
      >
        {t("rules.save")}
      </Button>
      <Show when={changed() || props.draft.id === null}>
        <Button onClick={() => props.onDiscard()}>{t("admin.discard")}</Button>
      </Show>
      <span class={form["muted"]}>
        {!changed()
          ? t("rules.asSaved")
          : props.draft.base === null
            ? t("rules.savingNew")
            : t("rules.savingKeeps", { version: props.draft.base.version })}
      </span>
    </div>
  );
}

/** Somebody saved the rule while it was being changed here, or it went. */
export function Changed(
  props: PartProps & { readonly onTakeTheirs: (rule: AdminRule) => void },
): JSX.Element {
  const base = () => props.draft.base;
  const theirs = (): AdminRule | null => {
    const { rule } = props;
    return rule !== undefined && base() !== null && rule.version !== base()?.version ? rule : null;
  };
  return (
    <>
      <Show when={base() !== null && props.rule === undefined}>
        <Notice
          tone="attention"
          title={t("rules.wasDeleted")}
          lines={[t("rules.wasDeletedNext")]}
        />
      </Show>
      <Show when={theirs()}>
        {(rule) => (
          <Notice
            tone="attention"
            title={t("rules.wasChanged", { name: rule().updatedBy ?? "", version: rule().version })}
            lines={[t("rules.wasChangedNext")]}
            actions={
              <Button size="small" onClick={() => props.onTakeTheirs(rule())}>
                {t("rules.takeTheirs")}
              </Button>
            }
          />
        )}
      </Show>
    </>
  );
}
