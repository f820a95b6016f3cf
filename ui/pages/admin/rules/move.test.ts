import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inChosenOrder, moved, sameOrder } from "./move.ts";

const of = (text: string) => [...text].map((id) => ({ id }));
const ids = (items: readonly { id: string }[]) => items.map((it) => it.id).join("");

describe("moved", () => {
  it.each([
    [0, 2, "bcad"],
    [3, 0, "dabc"],
    [1, 1, "abcd"],
    [1, 99, "acdb"],
    [2, -1, "cabd"],
    [9, 0, "abcd"],
  ])("from %i to %i", (from, to, expected) => {
    expect(moved([..."abcd"], from, to).join("")).toBe(expected);
  });

  it("keeps everyone, and the others' order", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat()), fc.nat(20), fc.nat(20), (items, from, to) => {
        const result = moved(items, from, to);
        expect(result.toSorted()).toEqual(items.toSorted());
        const without = (all: number[]) => all.filter((it) => it !== items[from]);
        expect(without(result)).toEqual(without(items));
      }),
    );
  });
});

describe("inChosenOrder", () => {
  it.each([
    ["abc", null, "abc"],
    ["abc", "cab", "cab"],
    // One is gone, one came first.
    ["xab", "cba", "xba"],
    ["abx", "ba", "bax"],
  ])("%s as %s", (rules, chosen, expected) => {
    expect(ids(inChosenOrder(of(rules), chosen === null ? null : [...chosen]))).toBe(expected);
  });

  it("is the same order where nothing was moved", () => {
    expect(sameOrder(of("abc"), inChosenOrder(of("abc"), [..."abc"]))).toBe(true);
    expect(sameOrder(of("abc"), inChosenOrder(of("abc"), [..."acb"]))).toBe(false);
    expect(sameOrder(of("abc"), of("ab"))).toBe(false);
  });
});
