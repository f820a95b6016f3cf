/**
 * The code of a station, on its way from a QR code's address to the page that answers it: signing in may lie
 * between the two. It is taken out of the address at once, so that it reaches no server, log or history, and
 * kept by this tab alone.
 */
const name = "asci.station-code";

let kept: string | null = null;

/** `null` forgets it. */
export function keepCode(code: string | null): void {
  kept = code;
  try {
    if (code === null) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, code);
  } catch {
    // It then lasts until the page is left; by hand it can be typed in any case.
  }
}

function readKept(): string | null {
  if (kept !== null) return kept;
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

/** The code that this tab came with, now or before it was led to sign in. */
export function takeCode(): string | null {
  const code = window.location.hash.slice(1).trim();
  if (code !== "") {
    keepCode(code.slice(0, 100));
    const { pathname, search } = window.location;
    window.history.replaceState(window.history.state, "", pathname + search);
  }
  return readKept();
}
