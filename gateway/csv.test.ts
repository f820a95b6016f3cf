import { expect, it } from "vitest";
import { csvLine } from "./csv.ts";

it.each([
  [["a", 1, null, "b"], "a,1,,b\r\n"],
  [['say "hi"', "a,b", "two\nlines"], '"say ""hi""","a,b","two\nlines"\r\n'],
  [["=1+1", "@cmd", "-2", -2], "'=1+1,'@cmd,'-2,-2\r\n"],
])("writes %j as CSV", (cells, line) => {
  expect(csvLine(cells)).toBe(line);
});
