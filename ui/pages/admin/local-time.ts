/**
 * Times in fields of the browser's kind `datetime-local`, which know no zone: they are the reader's.
 */
const two = (value: number): string => String(value).padStart(2, "0");

/** `2026-11-22T08:00` in the zone of this browser; empty for null. `iso`: ISO 8601. */
export function toLocalInput(iso: string | null): string {
  if (iso === null) return "";
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  const day = `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** ISO 8601 in UTC; null where there is no time in it. */
export function fromLocalInput(text: string): string | null {
  if (text === "") return null;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/**
 * What a field says now, given what it said: seconds that a field does not show, and which of two
 * hours was meant when clocks go back, stay as they were where nobody touched it.
 */
export function editedTime(before: string | null, text: string): string | null {
  return text === toLocalInput(before) ? before : fromLocalInput(text);
}

/** The name of the reader's zone: `Australia/Melbourne`. */
export function zoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
