/** X11 keysyms (X.Org keysymdef.h) and the DOM codes that go with them. */
export interface Key {
  readonly keysym: number;
  /** `KeyboardEvent.code` of the physical key; null where there is none. */
  readonly code: string | null;
}

const key = (keysym: number, code: string | null): Key => ({ keysym, code });

export const namedKeys = {
  Backspace: key(0xff08, "Backspace"),
  Tab: key(0xff09, "Tab"),
  Enter: key(0xff0d, "Enter"),
  Escape: key(0xff1b, "Escape"),
  Insert: key(0xff63, "Insert"),
  Delete: key(0xffff, "Delete"),
  Home: key(0xff50, "Home"),
  End: key(0xff57, "End"),
  PageUp: key(0xff55, "PageUp"),
  PageDown: key(0xff56, "PageDown"),
  ArrowLeft: key(0xff51, "ArrowLeft"),
  ArrowUp: key(0xff52, "ArrowUp"),
  ArrowRight: key(0xff53, "ArrowRight"),
  ArrowDown: key(0xff54, "ArrowDown"),
  PrintScreen: key(0xff61, "PrintScreen"),
} as const satisfies Record<string, Key>;
export type NamedKey = keyof typeof namedKeys;

export const modifiers = {
  ctrl: key(0xffe3, "ControlLeft"),
  alt: key(0xffe9, "AltLeft"),
  shift: key(0xffe1, "ShiftLeft"),
  super: key(0xffeb, "MetaLeft"),
} as const satisfies Record<string, Key>;
export type Modifier = keyof typeof modifiers;

/** F1 to F12. */
export function functionKey(number: number): Key {
  return key(0xffbe + number - 1, `F${number}`);
}

/**
 * The key for one character: Latin-1 has keysyms of its own, every other character is its code point
 * plus 0x01000000 (X11 protocol, appendix A).
 */
export function characterKey(character: string): Key {
  if (character === "\n") return namedKeys.Enter;
  if (character === "\t") return namedKeys.Tab;
  const codePoint = character.codePointAt(0) ?? 0;
  const latin =
    (codePoint >= 0x20 && codePoint <= 0x7e) || (codePoint >= 0xa0 && codePoint <= 0xff);
  return key(latin ? codePoint : 0x0100_0000 + codePoint, null);
}

/** What changed between two values of a text field: characters to delete from the end, text to type. */
export function diffText(
  before: string,
  after: string,
): { readonly erase: number; readonly insert: string } {
  const old = [...before];
  const now = [...after];
  let same = 0;
  while (same < old.length && same < now.length && old[same] === now[same]) same += 1;
  return { erase: old.length - same, insert: now.slice(same).join("") };
}

/** True where the event completes Ctrl+Alt+Shift: the documented way from the desktop to the bar. */
export function isEscapeChord(event: KeyboardEvent): boolean {
  return (
    event.ctrlKey &&
    event.altKey &&
    event.shiftKey &&
    (event.key === "Control" ||
      event.key === "Alt" ||
      event.key === "Shift" ||
      event.key === "AltGraph" ||
      event.key === "Meta")
  );
}
