import { createSignal, onCleanup, type Accessor } from "solid-js";

/** Whether a media query holds, as long as the owner lives. */
export function createMedia(query: string): Accessor<boolean> {
  const list = window.matchMedia(query);
  const [holds, setHolds] = createSignal(list.matches);
  const look = (): void => void setHolds(list.matches);
  list.addEventListener("change", look);
  onCleanup(() => list.removeEventListener("change", look));
  return holds;
}
