import { describe, expect, it } from "vitest";
import { importKinds } from "../../../gateway/import-kinds.ts";
import { faultWord, importColumns, countWords, kindsFor, linesOf, textOf } from "./import-words.ts";

describe("the page for imports", () => {
  it("knows the columns that the gateway knows", () => {
    for (const [kind, { columns }] of Object.entries(importKinds)) {
      const namesOf = (required: boolean) =>
        columns.filter((it) => it.required === required).map((it) => it.name);
      expect({ kind, needed: namesOf(true), optional: namesOf(false) }).toEqual({
        kind,
        ...importColumns[kind as keyof typeof importColumns],
      });
    }
  });

  it("offers staff what they may import, and others nothing", () => {
    expect(kindsFor(["user", "staff"])).toEqual(["experiments", "members"]);
    expect(kindsFor(["staff", "admin"])).toHaveLength(4);
    expect(kindsFor(["user", "monitor"])).toEqual([]);
  });

  it("has a word for a fault that it does not know", () => {
    expect(faultWord("twice")).toBe("Stands twice");
    expect(faultWord("of_next_year")).toBe("Fault");
  });

  it("counts in words", () => {
    const none = { created: 0, changed: 0, unchanged: 0, removed: 0, faults: 0 };
    expect(countWords({ ...none, created: 2, faults: 1 })).toBe("2 new, 1 fault");
    expect(countWords(none)).toBe("0 unchanged");
  });

  it("shows lines of files in each encoding", async () => {
    const utf16 = new Blob([Uint8Array.from(Buffer.from("\ufeffa\r\né", "utf16le"))]);
    expect(linesOf(await textOf(utf16, "utf-8"))).toEqual(["a", "é"]);
    expect(linesOf(await textOf(new Blob(["\ufeffa\ré"]), "utf-8"))).toEqual(["a", "é"]);
    expect(await textOf(new Blob([Uint8Array.of(0xe9)]), "windows-1252")).toBe("é");
  });
});
