import Search from "lucide-solid/icons/search";
import { onCleanup, onMount, type JSX } from "solid-js";
import { isTyping } from "./typing.ts";
import styles from "./search-field.module.css";

const focusKey = "/";

interface SearchFieldProps {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
}

/** A search field; `/` anywhere on the page goes to it, Escape empties it and leaves. */
export function SearchField(props: SearchFieldProps): JSX.Element {
  let input: HTMLInputElement | undefined;
  const slash = (event: KeyboardEvent): void => {
    if (
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
        aria-keyshortcuts={focusKey}
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
      <kbd class={styles["hint"]} aria-hidden="true">
        {focusKey}
      </kbd>
    </div>
  );
}
