import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBytes } from "./csv-bytes.ts";
import { readTable } from "./csv-table.ts";

const known = [
  { name: "code", required: true },
  { name: "displayName", required: true },
  { name: "email", required: false },
];
const utf8 = (text: string) => new TextEncoder().encode(text);
const read = (text: string | Uint8Array, charset = "utf-8", most = 100) =>
  readTable(typeof text === "string" ? utf8(text) : text, { charset, known, most });
const rowsOf = (...args: Parameters<typeof read>) =>
  read(...args).rows.map((row) =>
    Object.fromEntries([...row.cells].map(([name, cell]) => [name, cell.text])),
  );
const faultsOf = (...args: Parameters<typeof read>) =>
  read(...args).faults.map((it) => [it.line, it.column, it.columnName, it.code]);

function utf16(text: string, big: boolean, mark = "\ufeff"): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * (text.length + mark.length)));
  for (const [at, unit] of [...(mark + text)].flatMap((it) => it.split("")).entries())
    view.setUint16(2 * at, unit.charCodeAt(0), !big);
  return new Uint8Array(view.buffer);
}

describe("a file with a header", () => {
  it.each([
    "code,displayName\na,Ä b\n",
    "\ufeffcode,displayName\r\na,Ä b",
    "DISPLAYNAME;Code\nÄ b;a\n",
    "displayname\tCODE\nÄ b\ta\n",
    '"code"; "displayName \n'.replace(' "', '"').replace(" \n", '"\n') + 'a;"Ä b"\n',
    "\n\ncode,displayName,,\na,Ä b,,\n,,,\n",
  ])("reads %j", (text) => {
    expect(rowsOf(text)).toEqual([{ code: "a", displayName: "Ä b" }]);
    expect(faultsOf(text)).toEqual([]);
  });

  it("takes the separator by which the header makes sense", () => {
    expect(rowsOf("code;displayName\na;b, c, d, e\n")).toEqual([
      { code: "a", displayName: "b, c, d, e" },
    ]);
  });

  it("takes the one by which more columns are known, not the one that is there more often", () => {
    expect(faultsOf("code;displayName;a,b,c,d\nx;y;z\n")).toEqual([
      [1, 3, "a,b,c,d", "unknown_column"],
    ]);
  });

  it.each([
    ["", [[1, null, null, "empty"]]],
    ["\n\r\n", [[1, null, null, "empty"]]],
    ["code\na\n", [[1, null, "displayName", "missing_column"]]],
    ["code,displayName,colour\na,b,c\n", [[1, 3, "colour", "unknown_column"]]],
    ["code,Code,displayName\na,b,c\n", [[1, 2, "code", "column_twice"]]],
    ["code,displayName\na,b\nc\n", [[3, 1, null, "too_few_fields"]]],
    ["code,displayName\na,b,c\n", [[2, 3, null, "too_many_fields"]]],
    ['code,displayName\na,b\nc,"d\ne,f\n', [[3, 2, "displayName", "unterminated_quote"]]],
    [
      '"code,displayName\na,b',
      [
        [1, 1, null, "unterminated_quote"],
        [1, null, "code", "missing_column"],
        [1, null, "displayName", "missing_column"],
      ],
    ],
    ["code,displayName\r\na,b\r\nc,d\0e\r\n", [[3, 2, "displayName", "wrong_encoding"]]],
  ])("says what is wrong with %j", (text, faults) => {
    expect(faultsOf(text)).toEqual(expect.arrayContaining(faults));
    expect(faultsOf(text).filter(([, , , code]) => code !== "unknown_column")).toHaveLength(
      faults.filter(([, , , code]) => code !== "unknown_column").length,
    );
  });

  it("names the columns that it knows", () => {
    expect(read("code,displayName,colour\n").faults[0]?.message).toBe(
      "there is no column colour: known are code, displayName, email",
    );
  });

  it("is no table where a line has hundreds of cells, and is not read on", () => {
    expect(faultsOf(`${"a,".repeat(300)}\nx,"\n`)).toEqual([[1, 201, null, "too_many_cells"]]);
    expect(faultsOf(`code,displayName\n${"a,".repeat(300)}\nx,"\n`)).toEqual([
      [2, 201, null, "too_many_cells"],
    ]);
  });

  it("has at most so many lines", () => {
    expect(faultsOf("code,displayName\na,b\nc,d\n", "utf-8", 1)).toEqual([
      [1, null, null, "too_many_lines"],
    ]);
  });
});

describe("a file's encoding", () => {
  const text = "code;displayName\r\na;Zoë €\r\nb;“Łódź” 🦭";
  it.each([
    ["UTF-8", utf8(text), "utf-8"],
    ["UTF-8 with its mark, whatever is said", utf8(`\ufeff${text}`), "windows-1252"],
    ["UTF-16, little end first", utf16(text, false), "utf-8"],
    ["UTF-16, big end first", utf16(text, true), "utf-8"],
    ["UTF-16 without its mark, where that is said", utf16(text, true, ""), "UTF-16BE"],
  ])("is read: %s", (_, bytes, charset) => {
    expect(rowsOf(bytes, charset)).toEqual([
      { code: "a", displayName: "Zoë €" },
      { code: "b", displayName: "“Łódź” 🦭" },
    ]);
  });

  const western = Uint8Array.from("code,displayName\r\nä\x80 \x92,b\r\nc,d \xe9l\r\n", (it) =>
    it.charCodeAt(0),
  );
  it("is read as windows-1252 where that is said", () => {
    expect(rowsOf(western, "Windows-1252")).toEqual([
      { code: "ä€ ’", displayName: "b" },
      { code: "c", displayName: "d él" },
    ]);
  });

  it("is refused at the first byte that is not UTF-8, with what to do", () => {
    const fault = read(western).faults;
    expect(fault).toEqual([
      {
        line: 2,
        column: 1,
        columnName: "code",
        code: "wrong_encoding",
        message: expect.stringMatching(/^character 1: the byte 0xE4 is not UTF-8\. Save .* UTF-8/),
      },
    ]);
    const later = Uint8Array.from("code,displayName\nb\xc3\xa9,d \xe9", (it) => it.charCodeAt(0));
    expect(read(later).faults).toMatchObject([
      {
        line: 2,
        column: 2,
        columnName: "displayName",
        message: expect.stringMatching(/^character 6: .*0xE9/),
      },
    ]);
  });

  it("is refused where UTF-16 ends in the middle, or has no mark", () => {
    expect(faultsOf(utf16("code,displayName\na,b", false).slice(0, -1))).toEqual([
      [2, 2, "displayName", "wrong_encoding"],
    ]);
    expect(faultsOf(utf16("code,displayName\na,b", false, ""))).toEqual([
      [1, 1, null, "wrong_encoding"],
    ]);
  });

  it("is found wherever the first bad byte stands", () => {
    const words = fc
      .string({ unit: "grapheme", maxLength: 40 })
      .map((it) => it.replaceAll("\0", ""));
    fc.assert(
      fc.property(words, words, fc.integer({ min: 0xf8, max: 0xff }), (before, after, byte) => {
        fc.pre(!before.startsWith("\ufeff"));
        const bytes = Uint8Array.of(...utf8(before), byte, ...utf8(after));
        fc.pre(before !== "");
        expect(decodeBytes(bytes, "utf-8")).toMatchObject({ before });
      }),
    );
  });
});
