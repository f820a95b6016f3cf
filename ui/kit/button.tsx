import { createUniqueId, Show, splitProps, type JSX } from "solid-js";
import { showToast } from "./toasts.ts";
import styles from "./button.module.css";

export interface ButtonLook {
  readonly variant?: "primary" | "soft" | "default" | "quiet" | "danger" | "link" | undefined;
  readonly size?: "small" | "medium" | "large" | undefined;
  /** Square, for an icon alone: bring an `aria-label`. */
  readonly icon?: boolean | undefined;
}

export type ButtonProps = ButtonLook &
  Omit<JSX.ButtonHTMLAttributes<HTMLButtonElement>, "disabled" | "onClick"> & {
    /**
     * Why it cannot be used just now. The button stays reachable, so that everyone can learn the
     * reason; a click, which is all that a finger can do, says it.
     */
    readonly disabledReason?: string | null | undefined;
    readonly onClick?: ((event: MouseEvent) => void) | undefined;
  };

/** The classes of a button, for links that look like one. */
export function buttonClass(look: ButtonLook): string {
  return [
    styles["button"],
    look.variant === undefined || look.variant === "default" ? "" : styles[look.variant],
    look.size === undefined || look.size === "medium" ? "" : styles[look.size],
    look.icon === true ? styles["icon"] : "",
  ]
    .filter(Boolean)
    .join(" ");
}

export function Button(props: ButtonProps): JSX.Element {
  const [look, own, rest] = splitProps(
    props,
    ["variant", "size", "icon"],
    ["disabledReason", "onClick", "class", "children"],
  );
  const reasonId = createUniqueId();
  const reason = (): string | null => own.disabledReason ?? null;
  return (
    <>
      <button
        type="button"
        aria-describedby={reason() === null ? undefined : reasonId}
        title={reason() ?? undefined}
        {...rest}
        class={`${buttonClass(look)} ${own.class ?? ""}`}
        aria-disabled={reason() === null ? undefined : true}
        onClick={(event) => {
          const why = reason();
          if (why === null) return own.onClick?.(event);
          event.preventDefault();
          showToast({ tone: "info", title: why });
        }}
      >
        {own.children}
      </button>
      <Show when={reason()}>
        {(text) => (
          <span id={reasonId} class="visually-hidden">
            {text()}
          </span>
        )}
      </Show>
    </>
  );
}
