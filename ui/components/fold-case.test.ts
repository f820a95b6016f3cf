import { describe, expect, it } from "vitest";
import { foldCase } from "./fold-case.ts";

/** As much of a field as is needed: setting the value puts the cursor at its end, as browsers do. */
function field(text: string, at: number) {
  let value = text;
  const it = {
    get value() {
      return value;
    },
    set value(next: string) {
      value = next;
      it.selectionStart = it.selectionEnd = next.length;
    },
    selectionStart: at,
    selectionEnd: at,
    setSelectionRange(start: number, end: number) {
      it.selectionStart = start;
      it.selectionEnd = end;
    },
  };
  return it;
}

describe("foldCase", () => {
  it("makes capitals small and leaves the cursor where it is", () => {
    const typed = field("MKovac", 2);
    expect(foldCase(typed as unknown as HTMLInputElement)).toBe("mkovac");
    expect([typed.value, typed.selectionStart, typed.selectionEnd]).toEqual(["mkovac", 2, 2]);
  });
});
