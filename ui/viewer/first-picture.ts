/**
 * Calls `painted` once the canvas shows something worth seeing. noVNC has no event for it: until the
 * first update the canvas is transparent, and an X server that has only just begun is one flat colour.
 * A flat picture counts after `flatMs`, for a desktop may be plain. Returns a function that stops.
 */
export function watchFirstPicture(
  canvas: HTMLCanvasElement,
  flatMs: number,
  painted: () => void,
): () => void {
  const size = 24;
  const sample = document.createElement("canvas");
  sample.width = size;
  sample.height = size;
  const context = sample.getContext("2d", { willReadFrequently: true });
  let frame = 0;
  let flatSince: number | undefined;
  const look = (): void => {
    if (canvas.width > 0 && canvas.height > 0 && context !== null) {
      context.clearRect(0, 0, size, size);
      context.drawImage(canvas, 0, 0, size, size);
      const { data } = context.getImageData(0, 0, size, size);
      const kind = judge(data);
      if (kind === "picture") return painted();
      if (kind === "flat") {
        flatSince ??= performance.now();
        if (performance.now() - flatSince >= flatMs) return painted();
      }
    }
    frame = requestAnimationFrame(look);
  };
  frame = requestAnimationFrame(look);
  return () => cancelAnimationFrame(frame);
}

/** RGBA bytes in; `none` while anything is transparent. */
export function judge(data: Uint8ClampedArray): "none" | "flat" | "picture" {
  let flat = true;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] !== 255) return "none";
    if (data[i] !== data[0] || data[i + 1] !== data[1] || data[i + 2] !== data[2]) flat = false;
  }
  return flat ? "flat" : "picture";
}
