/** After a change of size the desktop draws anew, and until then shows rows of the old width. */
const settleMs = 400;
/** A desktop that keeps another size, or moves all the time, is shown as it is after this long. */
const patienceMs = 1_200;

/** Not at every frame: each look has the whole canvas drawn, while the desktop needs what there is of processors. */
const everyMs = 50;

/** What a look at the canvas saw. Times in milliseconds of one clock. */
export interface Look {
  readonly kind: "none" | "flat" | "picture";
  readonly width: number;
  readonly height: number;
  /** The picture has its place's size. */
  readonly fits: boolean;
  /** A number that is another one where the picture is. */
  readonly print: number;
  readonly nowMs: number;
}

/**
 * Judges look after look whether there is something worth seeing: a picture, or after `flatMs` of
 * one colour also that, in its place's size and at rest since it got it.
 */
export function createJudgement(flatMs: number): (look: Look) => boolean {
  let size: string | undefined;
  let lastPrint = 0;
  let changedMs = -Infinity;
  let flatSinceMs: number | undefined;
  let readySinceMs: number | undefined;
  return ({ kind, width, height, fits, print, nowMs }) => {
    const now = `${width}x${height}`;
    const drawsAnew = changedMs > -Infinity && print !== lastPrint;
    if ((size !== undefined && size !== now) || drawsAnew) changedMs = nowMs;
    size = now;
    lastPrint = print;
    if (kind === "none") return false;
    if (kind === "flat") {
      flatSinceMs ??= nowMs;
      if (nowMs - flatSinceMs < flatMs) return false;
    }
    readySinceMs ??= nowMs;
    return (fits && nowMs - changedMs >= settleMs) || nowMs - readySinceMs >= patienceMs;
  };
}

/**
 * Calls `painted` once the canvas shows something worth seeing. noVNC has no event for it: until the
 * first update the canvas is transparent, and an X server that has only just begun is one flat colour.
 * A flat picture counts after `flatMs`, for a desktop may be plain. `fits`: the picture has its place's
 * size. Returns a function that stops.
 */
export function watchFirstPicture(
  canvas: HTMLCanvasElement,
  flatMs: number,
  fits: () => boolean,
  painted: () => void,
): () => void {
  const size = 24;
  const sample = document.createElement("canvas");
  sample.width = size;
  sample.height = size;
  const context = sample.getContext("2d", { willReadFrequently: true });
  const isReady = createJudgement(flatMs);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    const { width, height } = canvas;
    if (width > 0 && height > 0 && context !== null) {
      context.clearRect(0, 0, size, size);
      context.drawImage(canvas, 0, 0, size, size);
      const { data } = context.getImageData(0, 0, size, size);
      const seen = { kind: judge(data), print: printOf(data), nowMs: performance.now() };
      if (isReady({ ...seen, width, height, fits: fits() })) return painted();
    }
    timer = setTimeout(look, everyMs);
  };
  // At once: the size may change before the next look.
  look();
  return () => clearTimeout(timer);
}

/** FNV-1a. */
function printOf(data: Uint8ClampedArray): number {
  return data.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5);
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
