import { children, createSignal, createUniqueId, Show, splitProps, type JSX } from "solid-js";
import { announce } from "./announcer.tsx";
import styles from "./field.module.css";

type FieldProps = Omit<JSX.InputHTMLAttributes<HTMLInputElement>, "id" | "class"> & {
  readonly label: string;
  readonly hint?: string | undefined;
  /** Says "optional" in the reader's language, where it is. */
  readonly optional?: string | undefined;
  readonly error?: string | null | undefined;
  /** Said once `maxLength` characters are in it: the browser cuts the rest off without a word. */
  readonly full?: string | undefined;
  /** A small control at the end, inside the field. */
  readonly end?: JSX.Element;
};

/** A labelled text field with its hint and its error tied to it. */
export function Field(props: FieldProps): JSX.Element {
  const [own, rest] = splitProps(props, ["label", "hint", "optional", "error", "end", "full"]);
  const id = createUniqueId();
  const end = children(() => own.end);
  const [isFull, setFull] = createSignal(false);
  const measure = (field: HTMLInputElement): void => {
    field.addEventListener("input", () => {
      const before = isFull();
      setFull(field.maxLength > 0 && field.value.length >= field.maxLength);
      if (!before && isFull() && own.full !== undefined) announce(own.full);
    });
  };
  const describedBy = (): string | undefined => {
    const ids = [
      own.error ? `${id}-error` : "",
      isFull() && own.full ? `${id}-full` : "",
      own.hint ? `${id}-hint` : "",
    ].filter(Boolean);
    return ids.length === 0 ? undefined : ids.join(" ");
  };
  return (
    <div class={styles["field"]}>
      <div>
        <label class={styles["label"]} for={id}>
          {own.label}
        </label>
        <Show when={own.optional}>
          {(text) => <span class={styles["optional"]}>{text()}</span>}
        </Show>
      </div>
      <div class={styles["wrap"]}>
        <input
          {...rest}
          ref={measure}
          id={id}
          class={`${styles["input"]} ${end() === undefined ? "" : styles["hasEnd"]}`}
          aria-invalid={own.error ? "true" : undefined}
          aria-describedby={describedBy()}
        />
        <Show when={end()}>
          <span class={styles["end"]}>{end()}</span>
        </Show>
      </div>
      <Show when={own.error}>
        {(text) => (
          <p id={`${id}-error`} class={styles["error"]}>
            {text()}
          </p>
        )}
      </Show>
      <Show when={isFull() && own.full}>
        {(text) => (
          <p id={`${id}-full`} class={styles["full"]}>
            {text()}
          </p>
        )}
      </Show>
      <Show when={own.hint}>
        {(text) => (
          <p id={`${id}-hint`} class={styles["hint"]}>
            {text()}
          </p>
        )}
      </Show>
    </div>
  );
}
