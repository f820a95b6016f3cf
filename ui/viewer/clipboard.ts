/** Puts text into the reader's clipboard where the browser allows it. */
export async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Absent on plain http; refused without focus or permission.
    return false;
  }
}

/** The reader's clipboard, or null where the browser does not give it. May ask for permission. */
export async function readClipboard(): Promise<string | null> {
  try {
    return await navigator.clipboard.readText();
  } catch {
    return null;
  }
}

/** True where reading needs no question any more: only then is it done unasked. */
async function mayReadClipboard(): Promise<boolean> {
  try {
    // TypeScript does not list this name: Chromium alone has it.
    const status = await navigator.permissions.query({ name: "clipboard-read" as PermissionName });
    return status.state === "granted";
  } catch {
    return false;
  }
}

/**
 * Where the reader has allowed it for good, what they copied elsewhere is in the desktop when they
 * come back to it. Returns a function that stops it.
 */
export function offerClipboard(
  canvas: HTMLCanvasElement,
  send: (text: string) => void,
): () => void {
  let last: string | null = null;
  const offer = async (): Promise<void> => {
    if (!(await mayReadClipboard())) return;
    const text = await readClipboard();
    if (text === null || text === "" || text === last) return;
    last = text;
    send(text);
  };
  const onFocus = (): void => void offer();
  canvas.addEventListener("focus", onFocus);
  return () => canvas.removeEventListener("focus", onFocus);
}
