import { createSignal, onCleanup, type Accessor } from "solid-js";
import { serverNowMs } from "../api/clock.ts";

/** The server's time in milliseconds, renewed every `everyMs` while the owner lives and the page is seen. */
export function createNow(everyMs: number): Accessor<number> {
  const [now, setNow] = createSignal(serverNowMs());
  const timer = setInterval(() => {
    if (document.visibilityState === "visible") setNow(serverNowMs());
  }, everyMs);
  onCleanup(() => clearInterval(timer));
  return now;
}
