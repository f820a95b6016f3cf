import { createSignal } from "solid-js";
import type { Instance } from "../../gateway/schemas.ts";
import { hearInstance } from "./instance-cache.ts";
import { keys, noticeSignedOut, queryClient } from "./query-client.ts";

/** `open`: changes arrive as they happen. `broken`: being tried again. */
const [live, setLive] = createSignal<"closed" | "opening" | "open" | "broken">("closed");
export { live };

/** An EventSource gives up for good on any answer but 200; then this tries again. */
const retryMs = 2_000;

/**
 * Follows `GET /api/events` into the query cache until the returned function is called. The browser
 * reconnects by itself with `Last-Event-ID`; whatever may have been missed is fetched again.
 */
export function followEvents(): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wasOpen = false;
  let ended = false;

  const open = (): void => {
    if (ended) return;
    setLive(wasOpen ? "broken" : "opening");
    source = new EventSource("/api/events");
    source.addEventListener("open", () => {
      setLive("open");
      if (wasOpen) refetchAll();
      wasOpen = true;
    });
    source.addEventListener("instance", (event) => heardInstance(event.data));
    source.addEventListener("gone", (event) => heardGone(event.data));
    source.addEventListener("resync", refetchAll);
    source.addEventListener("error", () => {
      wasOpen = true;
      setLive("broken");
      if (source?.readyState !== EventSource.CLOSED) return;
      // It does not say why it was refused: asking who is signed in tells a 401 from a restart.
      noticeSignedOut();
      clearTimeout(timer);
      timer = setTimeout(open, retryMs * (0.5 + Math.random()));
    });
  };

  const wake = (): void => {
    // After sleep the old connection may be half open, and the browser waits long to notice.
    if (document.visibilityState !== "visible" || live() === "open") return;
    source?.close();
    clearTimeout(timer);
    open();
  };

  open();
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  return () => {
    ended = true;
    clearTimeout(timer);
    source?.close();
    window.removeEventListener("online", wake);
    document.removeEventListener("visibilitychange", wake);
    setLive("closed");
  };
}

function heardInstance(data: string): void {
  const instance = parse(data);
  if (hasId(instance)) hearInstance(instance.id, instance as Instance);
}

function heardGone(data: string): void {
  const gone = parse(data);
  if (hasId(gone)) hearInstance(gone.id, null);
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function hasId(value: unknown): value is { id: string } {
  return (
    typeof value === "object" && value !== null && "id" in value && typeof value.id === "string"
  );
}

function refetchAll(): void {
  void queryClient.invalidateQueries({ queryKey: keys.instances });
  void queryClient.invalidateQueries({ queryKey: ["instance"] });
}
