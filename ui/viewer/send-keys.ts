import type RFB from "@novnc/novnc";
import { characterKey, modifiers, namedKeys, type Key, type Modifier } from "./keys.ts";

export interface Combination {
  readonly modifiers: readonly Modifier[];
  readonly key: Key | null;
}

/** Presses the modifiers, the key, and lets go in the opposite order. */
export function sendCombination(rfb: RFB, combination: Combination): void {
  const held = combination.modifiers.map((it) => modifiers[it]);
  for (const it of held) rfb.sendKey(it.keysym, it.code, true);
  if (combination.key !== null) rfb.sendKey(combination.key.keysym, combination.key.code);
  for (const it of held.toReversed()) rfb.sendKey(it.keysym, it.code, false);
}

/** Types what an on-screen keyboard changed in a text field. */
export function sendChange(
  rfb: RFB,
  change: { readonly erase: number; readonly insert: string },
): void {
  for (let i = 0; i < change.erase; i += 1) {
    rfb.sendKey(namedKeys.Backspace.keysym, namedKeys.Backspace.code);
  }
  for (const character of change.insert) {
    const { keysym, code } = characterKey(character);
    rfb.sendKey(keysym, code);
  }
}
