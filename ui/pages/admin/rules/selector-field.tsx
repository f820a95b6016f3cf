import { createMemo, createSignal, Show, type JSX } from "solid-js";
import { t } from "../../../messages/rules.ts";
import { CaretLine } from "./caret-line.tsx";
import { completionsAt, type Label } from "./complete.ts";
import { selectorFault } from "./selector-fault.ts";
import { selectorFaultText } from "./fault-words.ts";
import { createSuggest, type Suggestion } from "./suggest.tsx";
import styles from "./form.module.css";

interface SelectorFieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly labels: readonly Label[];
  /** Below it, what the server said of it. */
  readonly error?: string | undefined;
}

/** Which nodes are meant, by their labels: with what could come next, and each fault at its character. */
export function SelectorField(props: SelectorFieldProps): JSX.Element {
  const [caret, setCaret] = createSignal(props.value.length);
  let input: HTMLInputElement | undefined;
  const fault = createMemo(() => selectorFault(props.value));
  const next = createMemo(() => completionsAt(props.value, caret(), props.labels));
  const note = (it: { kind: string; nodes?: number }): string | undefined =>
    it.kind === "key" && it.nodes !== undefined
      ? t("rules.onNodes", { count: it.nodes })
      : undefined;
  const list = createSuggest<Suggestion & { readonly insert: string }>({
    label: () => t("rules.suggestionsFor", { name: props.label }),
    items: () =>
      next().items.map((it) => ({
        value: it.text,
        text: it.text,
        note: note(it),
        insert: it.insert,
      })),
    onPick({ insert }) {
      const { from, to } = next();
      const value = props.value.slice(0, from) + insert + props.value.slice(to);
      props.onInput(value);
      put(from + insert.length);
    },
  });
  const put = (start: number, end = start): void => {
    input?.focus();
    input?.setSelectionRange(start, end);
    setCaret(end);
  };
  const look = (): void => void setCaret(input?.selectionStart ?? props.value.length);
  return (
    <div class={styles["stack"]}>
      <input
        {...list.input}
        ref={(it) => (input = it)}
        id={props.id}
        class={`${styles["input"]} ${styles["mono"]}`}
        value={props.value}
        maxLength={2000}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        data-fault={fault() === null ? undefined : `${fault()?.at}-${fault()?.end}`}
        aria-invalid={fault() !== null || props.error !== undefined ? "true" : undefined}
        aria-describedby={
          fault() !== null || props.error !== undefined ? `${props.id}-error` : undefined
        }
        onInput={(event) => {
          props.onInput(event.currentTarget.value);
          look();
          list.show();
        }}
        onKeyDown={(event) => {
          if (list.key(event)) return;
          if (event.key === "Enter") event.preventDefault();
        }}
        onKeyUp={look}
        onClick={() => {
          look();
          list.show();
        }}
        onBlur={() => list.hide()}
      />
      <Show when={fault()}>
        {(it) => (
          <div id={`${props.id}-error`} class={styles["fault"]}>
            <CaretLine text={props.value} at={it().at} end={it().end} />
            <button
              type="button"
              class={styles["goto"]}
              title={t("rules.goThere")}
              onClick={() => put(it().at, it().end)}
            >
              {t("rules.atColumn", { column: it().at + 1, fault: selectorFaultText(it()) })}
            </button>
          </div>
        )}
      </Show>
      <Show when={fault() === null && props.error}>
        {(error) => (
          <p id={`${props.id}-error`} class={styles["fault"]}>
            {error()}
          </p>
        )}
      </Show>
      <list.List />
    </div>
  );
}

/** Puts the caret of a selector's field at its fault; of any other field into it. */
export function goToFault(field: HTMLElement | null | undefined): void {
  field?.focus();
  const [at, end] = (field?.dataset["fault"] ?? "").split("-").map(Number);
  if (
    field instanceof HTMLInputElement &&
    at !== undefined &&
    end !== undefined &&
    !Number.isNaN(at)
  )
    field.setSelectionRange(at, end);
}
