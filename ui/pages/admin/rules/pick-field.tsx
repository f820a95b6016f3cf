import X from "lucide-solid/icons/x";
import { createEffect, createSignal, For, on, onCleanup, Show, type JSX } from "solid-js";
import { announce } from "../../../kit/announcer.tsx";
import { t } from "../../../messages/rules.ts";
import { createSuggest, type Suggestion } from "./suggest.tsx";
import styles from "./form.module.css";

/** Finds what a search could mean; aborted where another one follows. */
export type Find = (search: string, signal: AbortSignal) => Promise<readonly Suggestion[]>;

interface PickFieldProps {
  readonly id: string;
  readonly label: string;
  readonly values: readonly string[];
  readonly onChange: (values: string[]) => void;
  readonly find: Find;
  /** Takes one and no more. */
  readonly single?: boolean | undefined;
  readonly error?: string | undefined;
  readonly placeholder?: string | undefined;
}

const typingMs = 200;

/** Names of things, found by search or typed, as chips in a field. */
export function PickField(props: PickFieldProps): JSX.Element {
  const [typed, setTyped] = createSignal("");
  const found = useFound(() => props.find, typed);
  let input: HTMLInputElement | undefined;
  const add = (value: string): void => {
    const name = value.trim();
    if (name === "") return;
    setTyped("");
    if (input !== undefined) input.value = "";
    if (props.values.includes(name)) return;
    props.onChange(props.single === true ? [name] : [...props.values, name]);
    announce(t("rules.picked", { name }));
    if (props.single === true) list.hide();
  };
  const remove = (value: string): void => {
    props.onChange(props.values.filter((it) => it !== value));
    announce(t("rules.unpicked", { name: value }));
    input?.focus();
  };
  const list = createSuggest<Suggestion>({
    label: () => props.label,
    items: () => found().filter((it) => !props.values.includes(it.value)),
    onPick: (item) => add(item.value),
  });
  const key = (event: KeyboardEvent): void => {
    if (list.key(event) || event.isComposing) return;
    if (event.key === "Enter" || event.key === ",") {
      event.preventDefault();
      add(typed());
    } else if (event.key === "Backspace" && typed() === "") {
      const last = props.values.at(-1);
      if (last !== undefined) remove(last);
    }
  };
  return (
    <div class={styles["stack"]}>
      <div class={styles["pick"]} data-invalid={props.error === undefined ? undefined : ""}>
        <For each={props.values}>
          {(value) => (
            <span class={styles["chip"]}>
              {value}
              <button
                type="button"
                aria-label={t("rules.unpick", { name: value })}
                onClick={() => remove(value)}
              >
                <X size={12} aria-hidden="true" />
              </button>
            </span>
          )}
        </For>
        <Show when={props.single !== true || props.values.length === 0}>
          <input
            {...list.input}
            ref={(it) => (input = it)}
            id={props.id}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            maxLength={100}
            placeholder={props.values.length === 0 ? props.placeholder : t("rules.addMore")}
            aria-invalid={props.error === undefined ? undefined : "true"}
            aria-describedby={props.error === undefined ? undefined : `${props.id}-error`}
            onInput={(event) => {
              setTyped(event.currentTarget.value);
              list.show();
            }}
            onFocus={() => list.show()}
            onBlur={() => {
              list.hide();
              // What was typed and not taken is meant as well.
              add(typed());
            }}
            onKeyDown={key}
          />
        </Show>
      </div>
      <Show when={props.error}>
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

/** What the search finds now; nothing while it is not known. */
function useFound(find: () => Find, typed: () => string): () => readonly Suggestion[] {
  const [found, setFound] = createSignal<readonly Suggestion[]>([]);
  createEffect(
    on(typed, (search, before) => {
      const abort = new AbortController();
      const ask = (): void => {
        find()(search.trim(), abort.signal).then(
          (items) => abort.signal.aborted || setFound(items),
          // Without them a name can still be typed.
          () => abort.signal.aborted || setFound([]),
        );
      };
      const timer = setTimeout(ask, before === undefined ? 0 : typingMs);
      onCleanup(() => {
        clearTimeout(timer);
        abort.abort();
      });
    }),
  );
  return found;
}
