/**
 * Lets go of keys that are held when the focus leaves the desktop: their release would go elsewhere,
 * and the desktop would repeat them for ever. Returns a function that stops watching.
 */
export function releaseKeysOnBlur(canvas: HTMLCanvasElement): () => void {
  const held = new Map<string, string>();
  const down = (event: KeyboardEvent): void => void held.set(event.code, event.key);
  const up = (event: KeyboardEvent): void => void held.delete(event.code);
  const blur = (): void => {
    for (const [code, key] of held) canvas.dispatchEvent(new KeyboardEvent("keyup", { code, key }));
    held.clear();
  };
  canvas.addEventListener("keydown", down, { capture: true });
  canvas.addEventListener("keyup", up, { capture: true });
  canvas.addEventListener("blur", blur);
  return () => {
    canvas.removeEventListener("keydown", down, { capture: true });
    canvas.removeEventListener("keyup", up, { capture: true });
    canvas.removeEventListener("blur", blur);
  };
}
