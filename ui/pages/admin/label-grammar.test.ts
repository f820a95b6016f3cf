import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelKey, labelValue } from "../../../gateway/node-schemas.ts";
import { parseLabel } from "./label-grammar.ts";

const faultOf = (text: string) => {
  const parsed = parseLabel(text);
  return "fault" in parsed ? parsed.fault : null;
};

describe("a label as it is typed", () => {
  it.each([
    ["gpu=a40", { key: "gpu", value: "a40" }],
    [" zone = hall-2 ", { key: "zone", value: "hall-2" }],
    ["maintenance", { key: "maintenance", value: "" }],
    ["facility.example/beamline=imbl", { key: "facility.example/beamline", value: "imbl" }],
  ])("%j", (text, label) => {
    expect(parseLabel(text)).toEqual(label);
  });

  it.each([
    ["", "empty"],
    ["=", "empty"],
    ["=a40", "name"],
    ["-gpu=a40", "name"],
    ["Facility.example/beamline=imbl", "name"],
    ["two words", "name"],
    ["a=b=c", "value"],
    ["a=ä", "value"],
    [`a=${"x".repeat(64)}`, "value"],
    [`${"x".repeat(64)}=a`, "name"],
  ])("%j is refused for its %s", (text, fault) => {
    expect(faultOf(text)).toBe(fault);
  });

  it("is taken where the server takes it, and nowhere else", () => {
    const near = fc.string({
      unit: fc.constantFrom(..."aZ09._-/ä "),
      maxLength: 70,
    });
    fc.assert(
      fc.property(near, near, (key, value) => {
        fc.pre(key === key.trim() && value === value.trim() && `${key}${value}` !== "");
        const server = labelKey.safeParse(key).success && labelValue.safeParse(value).success;
        expect(faultOf(`${key}=${value}`) === null).toBe(server);
      }),
      { numRuns: 2_000 },
    );
  });
});
