import X from "lucide-solid/icons/x";
import { Show, type JSX } from "solid-js";
import { Button } from "../../../kit/button.tsx";
import { t } from "../../../messages/rules.ts";
import styles from "./form.module.css";

interface FieldRowProps {
  readonly label: string;
  /** The id of the control that it labels; without one the row is a group of several. */
  readonly for?: string | undefined;
  readonly onRemove?: (() => void) | undefined;
  readonly children: JSX.Element;
}

/** One line of a rule's form: what it is, its controls, and its way out. */
export function FieldRow(props: FieldRowProps): JSX.Element {
  const group = (): boolean => props.for === undefined;
  return (
    <div
      class={styles["row"]}
      role={group() ? "group" : undefined}
      aria-label={group() ? props.label : undefined}
    >
      <Show when={props.for} fallback={<span class={styles["label"]}>{props.label}</span>}>
        {(id) => (
          <label class={styles["label"]} for={id()}>
            {props.label}
          </label>
        )}
      </Show>
      <div class={styles["controls"]}>{props.children}</div>
      <Show when={props.onRemove}>
        {(remove) => (
          <Button
            icon
            size="small"
            variant="quiet"
            aria-label={t("rules.removeRow", { name: props.label })}
            onClick={() => remove()()}
          >
            <X size={16} aria-hidden="true" />
          </Button>
        )}
      </Show>
    </div>
  );
}
