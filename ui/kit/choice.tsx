import ChevronDown from "lucide-solid/icons/chevron-down";
import { createUniqueId, For, Show, type JSX } from "solid-js";
import field from "./field.module.css";
import styles from "./choice.module.css";

interface ChoiceProps {
  readonly label: string;
  readonly name?: string | undefined;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  readonly onChange?: ((value: string) => void) | undefined;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
}

/** One of a few as a field of a form, with its label above. */
export function Choice(props: ChoiceProps): JSX.Element {
  const id = createUniqueId();
  const describedBy = (): string | undefined => {
    if (props.error) return `${id}-error`;
    return props.hint ? `${id}-hint` : undefined;
  };
  return (
    <div class={field["field"]}>
      <label class={field["label"]} for={id}>
        {props.label}
      </label>
      <span class={styles["wrap"]}>
        <select
          id={id}
          name={props.name}
          class={`${field["input"]} ${styles["select"]}`}
          aria-invalid={props.error ? "true" : undefined}
          aria-describedby={describedBy()}
          onChange={(event) => props.onChange?.(event.currentTarget.value)}
        >
          <For each={props.options}>
            {(option) => (
              <option value={option.value} selected={option.value === props.value}>
                {option.text}
              </option>
            )}
          </For>
        </select>
        <ChevronDown size={16} aria-hidden="true" />
      </span>
      <Show when={props.error}>
        {(text) => (
          <p id={`${id}-error`} class={field["error"]}>
            {text()}
          </p>
        )}
      </Show>
      <Show when={props.hint}>
        {(text) => (
          <p id={`${id}-hint`} class={field["hint"]}>
            {text()}
          </p>
        )}
      </Show>
    </div>
  );
}
