import Search from "lucide-solid/icons/search";
import { onCleanup, onMount, Show, type JSX } from "solid-js";
import { isTyping } from "./typing.ts";
import styles from "./search-field.module.css";

const focusKey = "/";

interface SearchFieldProps {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  /** `/` anywhere on the page goes to it. One field of a page can have it. */
  readonly shortcut?: boolean | undefined;
}

/** What the API takes; nobody searches for more. */
const maxLength = 200;

/** A search field; Escape empties it and leaves. */
export function SearchField(props: SearchFieldProps): JSX.Element {
  let input: HTMLInputElement | undefined;
  const slash = (event: KeyboardEvent): void => {
    if (
      props.shortcut !== true ||
      event.key !== focusKey ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      isTyping(event.target)
    )
      return;
    event.preventDefault();
    input?.focus();
    input?.select();
  };
  onMount(() => document.addEventListener("keydown", slash));
  onCleanup(() => document.removeEventListener("keydown", slash));
  return (
    <div class={styles["search"]}>
      <Search size={16} aria-hidden="true" />
      <input
        ref={(it) => (input = it)}
        class={styles["input"]}
        type="search"
        aria-label={props.label}
        aria-keyshortcuts={props.shortcut === true ? focusKey : undefined}
        maxLength={maxLength}
        placeholder={props.placeholder}
        autocomplete="off"
        value={props.value}
        onInput={(event) => props.onInput(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          props.onInput("");
          event.currentTarget.blur();
        }}
      />
      <Show when={props.shortcut}>
        <kbd class={styles["hint"]} aria-hidden="true">
          {focusKey}
        </kbd>
      </Show>
    </div>
  );
}
