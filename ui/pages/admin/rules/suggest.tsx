import { createEffect, createSignal, createUniqueId, For, on, Show, type JSX } from "solid-js";
import { announce } from "../../../kit/announcer.tsx";
import { t } from "../../../messages/rules.ts";
import styles from "./suggest.module.css";

export interface Suggestion {
  readonly value: string;
  readonly text: string;
  readonly note?: string | undefined;
}

interface SuggestOptions<T extends Suggestion> {
  readonly label: () => string;
  readonly items: () => readonly T[];
  readonly onPick: (item: T) => void;
}

/**
 * A field with a list of what could stand in it (ARIA's combobox with a listbox): arrows go through
 * the list, Enter takes what they stand on, Escape closes it. Nothing is taken by itself.
 */
export function createSuggest<T extends Suggestion>(options: SuggestOptions<T>) {
  const id = createUniqueId();
  const [wanted, setWanted] = createSignal(false);
  const [active, setActive] = createSignal(-1);
  const open = (): boolean => wanted() && options.items().length > 0;
  const optionId = (index: number): string => `${id}-${index}`;
  createEffect(on(options.items, () => setActive(-1), { defer: true }));
  createEffect(
    on([open, () => options.items().length], ([isOpen, count]) => {
      if (isOpen) announce(t("rules.suggestions", { count }));
    }),
  );

  const go = (step: number): void => {
    const { length } = options.items();
    if (!open()) return void setWanted(true);
    // One place before the first and after the last is the field itself.
    setActive((at) => ((at + 1 + step + length + 1) % (length + 1)) - 1);
    document.getElementById(optionId(active()))?.scrollIntoView({ block: "nearest" });
  };
  const pick = (item: T): void => {
    setActive(-1);
    options.onPick(item);
  };
  /** @returns whether the key was for the list */
  const key = (event: KeyboardEvent): boolean => {
    if (event.isComposing) return false;
    const item = options.items()[active()];
    if (event.key === "ArrowDown" || (event.key === " " && event.ctrlKey)) go(1);
    else if (event.key === "ArrowUp" && open()) go(-1);
    else if (event.key === "Enter" && open() && item !== undefined) pick(item);
    else if (event.key === "Escape" && open()) {
      setWanted(false);
      // A dialog around it stays open.
      event.stopPropagation();
    } else return false;
    event.preventDefault();
    return true;
  };

  return {
    open,
    show: () => setWanted(true),
    hide: () => setWanted(false),
    key,
    /** For the input; getters, so that each is followed by itself. */
    input: {
      role: "combobox" as const,
      get "aria-expanded"() {
        return open();
      },
      get "aria-controls"() {
        return open() ? id : undefined;
      },
      get "aria-activedescendant"() {
        return open() && active() >= 0 ? optionId(active()) : undefined;
      },
      "aria-autocomplete": "list" as const,
    },
    List: (): JSX.Element => (
      <Show when={open()}>
        <div id={id} class={styles["list"]} role="listbox" aria-label={options.label()}>
          <For each={options.items()}>
            {(item, index) => (
              // The keyboard is the field's, above.
              // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
              <div
                id={optionId(index())}
                class={styles["option"]}
                role="option"
                tabIndex={-1}
                aria-selected={active() === index()}
                // The field keeps the focus.
                onPointerDown={(event) => event.preventDefault()}
                onClick={() => pick(item)}
              >
                <span class={styles["text"]}>{item.text}</span>
                <Show when={item.note}>
                  {(note) => <span class={styles["note"]}>{note()}</span>}
                </Show>
              </div>
            )}
          </For>
        </div>
      </Show>
    ),
  };
}
