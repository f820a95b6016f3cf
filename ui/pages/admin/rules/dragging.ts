import { createSignal, onCleanup, type Accessor } from "solid-js";

interface DraggingOptions {
  readonly list: () => HTMLElement | undefined;
  /** Puts an item at a place among all. */
  readonly move: (id: string, to: number) => void;
  readonly place: (id: string) => number;
}

/** Near its edge a list goes on by itself, by so many pixels a move. */
const edge = 40;
const scrollBy = 12;

/**
 * Dragging an item of a list by its handle, with mouse, pen or finger. It goes where the pointer is at
 * once; Escape, or a pointer that is taken away, puts it back.
 */
export function createDragging(options: DraggingOptions): {
  readonly dragged: Accessor<string | null>;
  readonly grab: (id: string, event: PointerEvent) => void;
} {
  const [dragged, setDragged] = createSignal<string | null>(null);
  let stop: () => void = () => {};
  onCleanup(() => stop());

  const over = (y: number): number =>
    [...(options.list()?.children ?? [])].findIndex((it) => {
      const box = it.getBoundingClientRect();
      return y >= box.top && y < box.bottom;
    });
  const scroll = (y: number): void => {
    const area = options.list()?.parentElement;
    const box = area?.getBoundingClientRect();
    if (!area || !box) return;
    if (y < box.top + edge) area.scrollTop -= scrollBy;
    else if (y > box.bottom - edge) area.scrollTop += scrollBy;
  };

  const grab = (id: string, event: PointerEvent): void => {
    if (event.button !== 0 || dragged() !== null) return;
    const from = options.place(id);
    const move = (it: PointerEvent): void => {
      scroll(it.clientY);
      const to = over(it.clientY);
      if (to >= 0 && to !== options.place(id)) options.move(id, to);
    };
    const back = (): void => {
      options.move(id, from);
      stop();
    };
    const key = (it: KeyboardEvent): void => {
      if (it.key === "Escape") back();
    };
    stop = () => {
      setDragged(null);
      document.removeEventListener("pointermove", move);
      document.removeEventListener("pointerup", stop);
      document.removeEventListener("pointercancel", back);
      document.removeEventListener("keydown", key, true);
    };
    setDragged(id);
    // On the document: the handle moves through the document with its item, and would lose a capture.
    document.addEventListener("pointermove", move);
    document.addEventListener("pointerup", stop);
    document.addEventListener("pointercancel", back);
    document.addEventListener("keydown", key, true);
  };
  return { dragged, grab };
}
