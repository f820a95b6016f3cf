import { createSignal, createUniqueId, For, Show, type JSX } from "solid-js";
import type { NodeDetail } from "../../../gateway/node-schemas.ts";
import { patchNode } from "../../api/scheduler-calls.ts";
import { announce } from "../../kit/announcer.tsx";
import { Button } from "../../kit/button.tsx";
import { Chip, PlainChip } from "../../kit/chip.tsx";
import { t } from "../../messages/scheduler.ts";
import { longestLabel, mostLabels, parseLabel, type LabelFault } from "./label-grammar.ts";
import { labelText } from "./nodes-view.ts";
import { toastRefusal } from "./toast-refusal.ts";
import admin from "./admin.module.css";
import styles from "./node.module.css";

interface NodeLabelsProps {
  readonly node: NodeDetail;
  readonly onChanged: (node: NodeDetail) => void;
}

type Labels = Readonly<Record<string, string>>;

const sorted = (labels: Labels): [string, string][] =>
  Object.entries(labels).toSorted(([a], [b]) => a.localeCompare(b));

/** What administrators say of a node, to change, and apart from it what the node says itself. */
export function NodeLabels(props: NodeLabelsProps): JSX.Element {
  /** Shown at once; taken back where the server says no. */
  const [guess, setGuess] = createSignal<Labels | null>(null);
  const set = (): Labels => guess() ?? props.node.setLabels;
  const reported = () => sorted(props.node.labels).filter(([key]) => !(key in set()));
  const save = async (labels: Labels, said: string): Promise<boolean> => {
    setGuess(labels);
    try {
      props.onChanged(await patchNode(props.node.id, { labels }));
      announce(said);
      return true;
    } catch (error) {
      toastRefusal(error);
      return false;
    } finally {
      setGuess(null);
    }
  };
  const put = (before: string | null, key: string, value: string): Promise<boolean> => {
    const rest = Object.entries(set()).filter(([name]) => name !== before);
    const text = labelText(key, value);
    return save(
      { ...Object.fromEntries(rest), [key]: value },
      t("node.labelSaved", { label: text }),
    );
  };
  const remove = (key: string): void => {
    const rest = Object.entries(set()).filter(([name]) => name !== key);
    const text = labelText(key, set()[key] ?? "");
    void save(Object.fromEntries(rest), t("node.labelRemoved", { label: text }));
  };
  return (
    <section class={admin["section"]} aria-labelledby="labels">
      <h2 id="labels">{t("nodes.labels")}</h2>
      <div class={styles["labelParts"]}>
        <div class={styles["labelPart"]}>
          <h3 id="labels-set">{t("node.labelsSet")}</h3>
          <p class={styles["note"]}>{t("node.labelsSetText")}</p>
          <Show
            when={Object.keys(set()).length > 0}
            fallback={<p class={admin["muted"]}>{t("node.labelsNoneSet")}</p>}
          >
            <ul class={styles["chips"]} aria-labelledby="labels-set">
              <For each={sorted(set()).map(([key]) => key)}>
                {(key) => (
                  <EditableLabel
                    label={labelText(key, set()[key] ?? "")}
                    own={key}
                    all={set()}
                    onSave={(name, value) => put(key, name, value)}
                    onRemove={() => remove(key)}
                  />
                )}
              </For>
            </ul>
          </Show>
          <AddLabel all={set()} onSave={(key, value) => put(null, key, value)} />
        </div>
        <div class={styles["labelPart"]}>
          <h3 id="labels-reported">{t("node.labelsReported")}</h3>
          <p class={styles["note"]}>{t("node.labelsReportedText")}</p>
          <Show
            when={reported().length > 0}
            fallback={<p class={admin["muted"]}>{t("node.labelsNoneReported")}</p>}
          >
            <ul class={styles["chips"]} aria-labelledby="labels-reported">
              <For each={reported()}>
                {([key, value]) => (
                  <li>
                    <PlainChip>{labelText(key, value)}</PlainChip>
                  </li>
                )}
              </For>
            </ul>
          </Show>
        </div>
      </div>
    </section>
  );
}

type Fault = LabelFault | "there" | "too_many";

function words(fault: Fault, label: string): string {
  switch (fault) {
    case "empty":
      return t("node.labelEmpty");
    case "name":
      return t("node.labelName");
    case "value":
      return t("node.labelValue");
    case "there":
      return t("node.labelThere", { label });
    case "too_many":
      return t("node.labelTooMany");
  }
}

/** What is wrong with a label as it stands among the others; else what it says. */
function check(text: string, own: string | null, all: Labels) {
  const parsed = parseLabel(text);
  if ("fault" in parsed) return parsed;
  if (parsed.key !== own && parsed.key in all) return { fault: "there" as const };
  if (own === null && Object.keys(all).length >= mostLabels) return { fault: "too_many" as const };
  return parsed;
}

interface LabelFieldProps {
  /** The one that is changed; null: a new one. */
  readonly own: string | null;
  readonly all: Labels;
  readonly onSave: (key: string, value: string) => Promise<boolean>;
}

/** One label as a text, checked where it is typed. */
function LabelField(
  props: LabelFieldProps & {
    readonly label: string;
    readonly hidden: boolean;
    readonly start: string;
    readonly submit: string;
    readonly onDone: () => void;
    readonly onCancel?: (() => void) | undefined;
  },
): JSX.Element {
  const id = createUniqueId();
  let field: HTMLInputElement | undefined;
  const [fault, setFault] = createSignal<string | null>(null);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const text = field?.value ?? "";
    const found = check(text, props.own, props.all);
    if ("fault" in found) {
      setFault(words(found.fault, text.split("=")[0]?.trim() ?? ""));
      field?.focus();
      return;
    }
    setFault(null);
    if (await props.onSave(found.key, found.value)) {
      if (field !== undefined) field.value = "";
      props.onDone();
    }
  };
  return (
    <form class={styles["labelForm"]} noValidate onSubmit={(event) => void submit(event)}>
      <label class={props.hidden ? "visually-hidden" : ""} for={id}>
        {props.label}
      </label>
      <input
        ref={(it) => {
          field = it;
          if (props.hidden) queueMicrotask(() => it.select());
        }}
        id={id}
        value={props.start}
        maxLength={longestLabel}
        placeholder={t("node.labelHint")}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        aria-invalid={fault() === null ? undefined : "true"}
        aria-describedby={fault() === null ? undefined : `${id}-fault`}
        onInput={() => setFault(null)}
        onKeyDown={(event) => {
          if (event.key === "Escape") props.onCancel?.();
        }}
      />
      <Button type="submit" size="small">
        {props.submit}
      </Button>
      <Show when={props.onCancel}>
        {(cancel) => (
          <Button size="small" variant="quiet" onClick={() => cancel()()}>
            {t("app.cancel")}
          </Button>
        )}
      </Show>
      <Show when={fault()}>
        {(text) => (
          <p id={`${id}-fault`} class={admin["fault"]} role="alert">
            {text()}
          </p>
        )}
      </Show>
    </form>
  );
}

function EditableLabel(
  props: LabelFieldProps & { readonly label: string; readonly onRemove: () => void },
): JSX.Element {
  const [editing, setEditing] = createSignal(false);
  let row: HTMLLIElement | undefined;
  const done = (): void => {
    setEditing(false);
    row?.querySelector("button")?.focus();
  };
  return (
    <li ref={(it) => (row = it)}>
      <Show
        when={editing()}
        fallback={
          <Chip
            text={props.label}
            edit={t("node.labelEdit", { label: props.label })}
            remove={t("node.labelRemove", { label: props.label })}
            onEdit={() => setEditing(true)}
            onRemove={props.onRemove}
          />
        }
      >
        <LabelField
          {...props}
          label={t("node.labelField", { label: props.label })}
          hidden
          start={props.label}
          submit={t("users.save")}
          onDone={done}
          onCancel={done}
        />
      </Show>
    </li>
  );
}

function AddLabel(props: Omit<LabelFieldProps, "own">): JSX.Element {
  return (
    <LabelField
      {...props}
      own={null}
      label={t("node.labelAdd")}
      hidden={false}
      start=""
      submit={t("node.labelAddButton")}
      onDone={() => {}}
    />
  );
}
