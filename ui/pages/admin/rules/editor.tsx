import { createSignal, createUniqueId, Show, type JSX } from "solid-js";
import type { AdminRule } from "../../../../gateway/rule-schemas.ts";
import { ApiError } from "../../../api/errors.ts";
import { limit } from "../../../components/limit.ts";
import { Moment } from "../../../components/moment.tsx";
import { createNow } from "../../../components/now.ts";
import { announce } from "../../../kit/announcer.tsx";
import { Confirm } from "../../../kit/dialog.tsx";
import { Notice } from "../../../kit/notice.tsx";
import { Switch } from "../../../kit/switch.tsx";
import { t } from "../../../messages/rules.ts";
import type { Label } from "./complete.ts";
import type { Draft } from "./draft.ts";
import { Changed, SaveBar } from "./editor-parts.tsx";
import { FieldRow } from "./field-row.tsx";
import { RawField } from "./raw-field.tsx";
import { writeRule } from "./rule-text.ts";
import { RuleMenu } from "./rule-menu.tsx";
import { SaveDialog } from "./save-dialog.tsx";
import { goToFault } from "./selector-field.tsx";
import { ThenFields } from "./then-fields.tsx";
import { WhenFields } from "./when-fields.tsx";
import form from "./form.module.css";
import styles from "./rules.module.css";

export interface EditorProps {
  readonly draft: Draft;
  /** As the server has it now; undefined: it is no rule yet, or not any more. */
  readonly rule: AdminRule | undefined;
  readonly labels: readonly Label[];
  /** What a new one is asked before. */
  readonly newPriority: number;
  readonly onChange: (draft: Draft) => void;
  readonly onDiscard: () => void;
  /** What others saved takes the place of what was changed here. */
  readonly onTakeTheirs: (rule: AdminRule) => void;
  readonly onSaved: (rule: AdminRule) => void;
  readonly onDeleted: () => void;
  readonly onCopy: () => void;
  /** A field holds what cannot be kept, so there is nothing to preview. */
  readonly onFault: (faulty: boolean) => void;
}

/** One rule: its form beside its text, and what can be done with it. */
export function Editor(props: EditorProps): JSX.Element {
  const nameId = createUniqueId();
  const now = createNow(30_000);
  const [asked, setAsked] = createSignal(false);
  const [saving, setSaving] = createSignal(false);
  const [discarding, setDiscarding] = createSignal(false);
  const [refused, setRefused] = createSignal<Readonly<Record<string, string>>>({});
  const faulty = new Set<string>();
  let element: HTMLFormElement | undefined;

  const change = (part: Partial<Draft>): void => {
    setRefused({});
    props.onChange({ ...props.draft, ...part });
  };
  const onFault = (path: string, fault: boolean): void => {
    if (fault) faulty.add(path);
    else faulty.delete(path);
    props.onFault(faulty.size > 0);
  };
  const nameError = (): string | undefined =>
    refused()["name"] ??
    (asked() && props.draft.name.trim() === "" ? t("rules.needName") : undefined);
  const errorOf = (path: string): string | undefined =>
    path === "when.until" && endsTooEarly(props.draft) ? t("rules.untilFirst") : refused()[path];
  const save = (event: Event): void => {
    event.preventDefault();
    setAsked(true);
    const first = element?.querySelector<HTMLElement>("[aria-invalid=true]");
    if (first === null || first === undefined) return void setSaving(true);
    goToFault(first);
    announce(t("rules.mendFirst"));
  };
  const refuse = (error: unknown): boolean => {
    const faults = serverFaults(error);
    setRefused(faults);
    if (Object.keys(faults).length === 0) return false;
    setSaving(false);
    queueMicrotask(() => goToFault(element?.querySelector<HTMLElement>("[aria-invalid=true]")));
    return true;
  };

  return (
    <form
      ref={(it) => (element = it)}
      class={styles["pane"]}
      onSubmit={save}
      noValidate
      autocomplete="off"
    >
      <div class={styles["head"]}>
        <h2 class={styles["headTitle"]}>{props.draft.name.trim() || t("rules.unnamed")}</h2>
        <Show when={props.rule}>
          {(rule) => (
            <span class={styles["meta"]}>
              {t("rules.version", { version: rule().version })}
              {" · "}
              <Show when={rule().updatedBy}>
                {(name) => `${t("rules.by", { name: name() })}, `}
              </Show>
              <Moment at={rule().updatedAt} now={now} />
            </span>
          )}
        </Show>
        <RuleMenu
          rule={props.rule}
          draft={props.draft}
          onSaved={props.onSaved}
          onDeleted={props.onDeleted}
          onCopy={props.onCopy}
        />
      </div>
      <div class={styles["body"]}>
        <div class={form["form"]}>
          <Changed {...props} />
          <div class={form["part"]}>
            <FieldRow label={t("rules.name")} for={nameId}>
              <input
                id={nameId}
                class={form["input"]}
                value={props.draft.name}
                maxLength={limit(100).maxLength}
                aria-invalid={nameError() === undefined ? undefined : "true"}
                aria-describedby={nameError() === undefined ? undefined : `${nameId}-error`}
                onInput={(event) => change({ name: event.currentTarget.value })}
              />
              <Show when={nameError()}>
                {(text) => (
                  <p id={`${nameId}-error`} class={form["fault"]}>
                    {text()}
                  </p>
                )}
              </Show>
            </FieldRow>
            <FieldRow label={t("rules.state")}>
              <span class={styles["state"]}>
                <Switch
                  label={t("rules.isOn")}
                  checked={props.draft.enabled}
                  onChange={(enabled) => change({ enabled })}
                />
                {props.draft.enabled ? t("rules.onText") : t("rules.offText")}
              </span>
            </FieldRow>
          </div>
          <Show when={props.draft.raw !== null}>
            <Notice
              tone="attention"
              title={t("rules.textFaulty")}
              lines={[t("rules.textFaultyNext")]}
            />
          </Show>
          <fieldset class={form["part"]} disabled={props.draft.raw !== null}>
            <div class={form["form"]}>
              <WhenFields
                when={props.draft.when}
                onChange={(when) => change({ when })}
                begun={props.draft.id === null ? ["environment"] : []}
                errorOf={errorOf}
              />
              <ThenFields
                then={props.draft.then}
                onChange={(then) => change({ then })}
                begun={props.draft.id === null ? ["require"] : []}
                labels={props.labels}
                errorOf={errorOf}
                onFault={onFault}
              />
            </div>
          </fieldset>
          <RawField
            text={writeRule(props.draft)}
            raw={props.draft.raw}
            onRule={(rule) => change(rule)}
            onRaw={(raw) => raw !== props.draft.raw && change({ raw })}
          />
        </div>
      </div>
      <SaveBar {...props} onDiscard={() => setDiscarding(true)} />
      <SaveDialog
        {...props}
        open={saving()}
        onClose={() => setSaving(false)}
        onRefused={refuse}
        onSaved={(rule) => {
          setSaving(false);
          props.onSaved(rule);
        }}
      />
      <Confirm
        open={discarding()}
        onOpenChange={setDiscarding}
        title={t("admin.discardTitle")}
        confirm={t("admin.discard")}
        cancel={t("admin.keepEditing")}
        danger
        onConfirm={() => props.onDiscard()}
      >
        <p>{t("admin.discardText")}</p>
      </Confirm>
    </form>
  );
}

function endsTooEarly({ when }: Draft): boolean {
  return (
    when.from !== undefined &&
    when.until !== undefined &&
    Date.parse(when.from) >= Date.parse(when.until)
  );
}

/** What the server found wrong, by its field; empty where it is about something else. */
function serverFaults(error: unknown): Record<string, string> {
  const problem = error instanceof ApiError ? error.problem : null;
  if (problem?.code === "name_taken" || problem?.code === "rule_exists")
    return { name: t("rules.nameTaken") };
  const faults: Record<string, string> = {};
  for (const { path, message } of problem?.errors ?? []) {
    // Of a list the field is the list.
    const field = /^when\.\w+|^then\.(?:require|prefer\.\d+\.selector)|^name/.exec(path)?.[0];
    if (field !== undefined) faults[field] ??= field === "name" ? t("rules.needName") : message;
  }
  return faults;
}
