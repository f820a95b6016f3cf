import X from "lucide-solid/icons/x";
import { For, type JSX } from "solid-js";
import { Button } from "./button.tsx";
import { Notice } from "./notice.tsx";
import { dismissToast, toasts } from "./toasts.ts";
import styles from "./toaster.module.css";

export function Toaster(props: { readonly label: string; readonly dismiss: string }): JSX.Element {
  return (
    <section class={styles["region"]} aria-label={props.label} aria-live="polite">
      <For each={toasts()}>
        {(toast) => (
          <Notice
            tone={toast.tone}
            title={toast.title}
            lines={toast.lines}
            small={toast.small}
            urgent={toast.tone !== "info"}
            end={
              <Button
                variant="quiet"
                size="small"
                icon
                aria-label={props.dismiss}
                onClick={() => dismissToast(toast)}
              >
                <X size={16} aria-hidden="true" />
              </Button>
            }
          />
        )}
      </For>
    </section>
  );
}
