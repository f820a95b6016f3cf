/** The height of the bar of keys, with its border, in CSS pixels; touch-keys.module.css has it too. */
export const touchBarPx = 57;

/** A tablet or a phone: what is under the finger has no Ctrl and no Esc. */
export function isTouch(): boolean {
  return window.matchMedia("(pointer: coarse)").matches;
}
