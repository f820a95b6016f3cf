import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvLine } from "./csv.ts";
import { readRecords, type Separator } from "./csv-reader.ts";

const cellsOf = (text: string, separator: Separator = ",") =>
  readRecords(text, separator).records.map((it) => it.cells.map((cell) => cell.text));
const faultsOf = (text: string) =>
  readRecords(text, ",").faults.map(({ line, column, code }) => [line, column, code]);

/** Text in which what has a meaning in CSV is frequent. */
const cellText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('"', ",", ";", "\t", "\r", "\n", "\r\n", " ", "=", "ä"),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
  ),
  maxLength: 8,
});
const separators = fc.constantFrom<Separator>(",", ";", "\t");
const isBlank = (cells: readonly string[]) => cells.every((it) => it === "");

describe("reading CSV", () => {
  it.each([
    [
      "a,b\r\nc,d\r\n",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "a,b\nc,d",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "a,b\rc,d\r",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    ["\n\na\n\r\n\rb\n\n", [["a"], ["b"]]],
    [
      "a,b\n,,\n,\nc,d",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    ['"a ""b"" c","d,\r\ne"', [['a "b" c', "d,\r\ne"]]],
    ['"",x\n""\n', [["", "x"], [""]]],
    ["a,,b,", [["a", "", "b", ""]]],
    [" a , b", [[" a ", " b"]]],
    ["=1+1,+1,-1,@a", [["=1+1", "+1", "-1", "@a"]]],
    ["", []],
  ])("reads %j", (text, cells) => {
    expect(cellsOf(text)).toEqual(cells);
    expect(faultsOf(text)).toEqual([]);
  });

  it("knows where each cell begins, after lines within quotes as well", () => {
    const { records } = readRecords('a,"b\r\nc\rd\ne",f\r\n\r\ng,"h\n",i', ",");
    expect(
      records.map((it) => [it.line, it.cells.map((cell) => [cell.line, cell.column])]),
    ).toEqual([
      [
        1,
        [
          [1, 1],
          [1, 2],
          [4, 3],
        ],
      ],
      [
        6,
        [
          [6, 1],
          [6, 2],
          [7, 3],
        ],
      ],
    ]);
  });

  it.each([
    ['a,b\nc,"d\ne,f\n', [[2, 2, "unterminated_quote"]]],
    ['a,"', [[1, 2, "unterminated_quote"]]],
    ['a,"b" c,d\ne', [[1, 2, "text_after_quote"]]],
    ['a\nb,5" disk\n', [[2, 2, "stray_quote"]]],
    ['a, "b"', [[1, 2, "stray_quote"]]],
  ])("refuses %j", (text, faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });

  it("says at which character quotes are wrong", () => {
    const { faults } = readRecords('äö,x\nab,"c\n', ",");
    expect(faults[0]?.message).toContain("character 4 ");
  });

  it("stops where enough was read", () => {
    expect(readRecords("a\nb\nc", ",", 2)).toMatchObject({ more: true, records: { length: 2 } });
    expect(readRecords("a\nb\n\n", ",", 2).more).toBe(false);
  });

  it("reads what is written here, whatever it is", () => {
    const rows = fc.array(fc.array(cellText, { minLength: 1, maxLength: 4 }), { maxLength: 5 });
    fc.assert(
      fc.property(rows, (rows) => {
        const written = rows.map((cells) => csvLine(cells)).join("");
        // The writer disarms formulas.
        const armed = (it: string) => (/^[=+\-@\t\r]/.test(it) ? `'${it}` : it);
        const kept = rows.filter((cells) => !isBlank(cells));
        expect(cellsOf(written)).toEqual(kept.map((cells) => cells.map(armed)));
        expect(faultsOf(written)).toEqual([]);
      }),
    );
  });

  it("does not care which cells stand in quotes, what separates them and how lines end", () => {
    const cell = fc.record({ text: cellText, quoted: fc.boolean() });
    const row = fc.record({
      cells: fc.array(cell, { minLength: 1, maxLength: 4 }),
      end: fc.constantFrom("\r\n", "\n", "\r"),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), separators, fc.boolean(), (rows, by, ended) => {
        const lines = rows.map(({ cells, end }) => {
          const written = cells.map(({ text, quoted }) =>
            quoted || /["\r\n]/.test(text) || text.includes(by)
              ? `"${text.replaceAll('"', '""')}"`
              : text,
          );
          return { written: written.join(by), end };
        });
        const text = lines
          .map(({ written, end }, n) => written + (n === lines.length - 1 && !ended ? "" : end))
          .join("");
        const wanted = rows
          .filter(({ cells }) => cells.some((it) => it.quoted || it.text !== ""))
          .map(({ cells }) => cells.map((it) => it.text));
        expect(cellsOf(text, by)).toEqual(wanted);
        expect(readRecords(text, by).faults).toEqual([]);
      }),
    );
  });

  it("comes to an end with anything, and names places that the text has", () => {
    fc.assert(
      fc.property(cellText, cellText, separators, (a, b, by) => {
        const text = a + by + b;
        const lines = text.split(/\r\n|\r|\n/).length;
        for (const { line, column } of readRecords(text, by).faults) {
          expect(line).toBeLessThanOrEqual(lines);
          expect(column).toBeGreaterThan(0);
        }
      }),
    );
  });
});
