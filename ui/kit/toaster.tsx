import X from "lucide-solid/icons/x";
import { createSignal, For, type JSX } from "solid-js";
import { Button } from "./button.tsx";
import { Notice, type Tone } from "./notice.tsx";
import styles from "./toaster.module.css";

export interface Toast {
  readonly tone: Tone;
  readonly title: string;
  readonly lines?: readonly (string | null)[];
  readonly small?: string | null;
}

const [toasts, setToasts] = createSignal<readonly Toast[]>([]);
const shortMs = 6_000;
const most = 3;

/** Shows a message in the corner. Errors stay until they are dismissed: no one reads against a clock. */
export function showToast(toast: Toast): void {
  setToasts((all) => [...all.filter((it) => it.title !== toast.title), toast].slice(-most));
  if (toast.tone === "info") setTimeout(() => dismiss(toast), shortMs);
}

function dismiss(toast: Toast): void {
  setToasts((all) => all.filter((it) => it !== toast));
}

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
            urgent={toast.tone === "error"}
            end={
              <Button
                variant="quiet"
                size="small"
                icon
                aria-label={props.dismiss}
                onClick={() => dismiss(toast)}
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
