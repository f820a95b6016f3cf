import { createSignal } from "solid-js";
import type { Tone } from "./notice.tsx";

export interface Toast {
  readonly tone: Tone;
  readonly title: string;
  readonly lines?: readonly (string | null)[];
  readonly small?: string | null;
}

const [toasts, setToasts] = createSignal<readonly Toast[]>([]);
export { toasts };

const shortMs = 6_000;
const most = 3;

/** Shows a message in the corner. Errors stay until they are dismissed: no one reads against a clock. */
export function showToast(toast: Toast): void {
  setToasts((all) => [...all.filter((it) => it.title !== toast.title), toast].slice(-most));
  if (toast.tone === "info") setTimeout(() => dismissToast(toast), shortMs);
}

export function dismissToast(toast: Toast): void {
  setToasts((all) => all.filter((it) => it !== toast));
}
