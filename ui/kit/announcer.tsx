import { createSignal, type JSX } from "solid-js";

const [text, setText] = createSignal("");

/** Says something to screen readers without moving anyone's focus. */
export function announce(message: string): void {
  // The same words twice in a row are still two events: an invisible difference makes them heard.
  setText((before) => (before === message ? `${message}\u00a0` : message));
}

export function Announcer(): JSX.Element {
  return (
    <div class="visually-hidden" role="status" aria-live="polite">
      {text()}
    </div>
  );
}
