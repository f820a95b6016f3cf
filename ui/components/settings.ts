/**
 * Small choices kept in this browser (`asci.<name>`). Storage may be closed to us or full: the app
 * then works with its defaults.
 */
export function readSetting(name: string): string | null {
  try {
    return localStorage.getItem(`asci.${name}`);
  } catch {
    return null;
  }
}

/** `null` forgets the choice. */
export function writeSetting(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`asci.${name}`);
    else localStorage.setItem(`asci.${name}`, value);
  } catch {
    // Nothing to do: the choice holds until the page is left.
  }
}

/** theme-early.js counts the loads that fail, and gives up after some: this one has not failed. */
export function forgetFailedLoads(): void {
  try {
    sessionStorage.removeItem("asci.loads");
  } catch {
    // Then nothing was counted.
  }
}
