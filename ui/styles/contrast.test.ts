import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/** Colour tokens of one block of tokens.css, `#rrggbb` only. */
function tokensOf(css: string, selector: string): Map<string, string> {
  const start = css.indexOf(`${selector} {`);
  const block = css.slice(start, css.indexOf("}", start));
  return new Map(
    [...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})\b/g)].map((it) => [it[1] ?? "", it[2] ?? ""]),
  );
}

/** Relative luminance (WCAG 2.2). */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const css = readFileSync(join(import.meta.dirname, "tokens.css"), "utf8");
const themes = { light: tokensOf(css, ":root"), dark: tokensOf(css, ':root[data-theme="dark"]') };

const grounds = ["bg", "surface", "surface-raised", "surface-sunk", "hover"] as const;
const textPairs: [string, string][] = [
  ...["text", "text-secondary", "text-muted", "accent-text"].flatMap((text) =>
    grounds.map((ground): [string, string] => [text, ground]),
  ),
  ["danger", "bg"],
  ["danger", "surface"],
  ["danger", "danger-soft"],
  ["text", "danger-soft"],
  ["text-secondary", "danger-soft"],
  ["attention", "surface"],
  ["attention", "surface-raised"],
  ["attention", "bg"],
  ["attention", "attention-soft"],
  ["text", "attention-soft"],
  ["running", "surface"],
  ["running", "surface-raised"],
  ["running", "running-soft"],
  ["accent-text", "accent-soft"],
  ["text-secondary", "neutral-soft"],
  ["on-accent", "accent"],
  ["on-accent", "accent-hover"],
  ["on-danger", "danger-fill"],
];
/** What is not text but has to be seen (WCAG 2.2, 1.4.11). */
const shapePairs: [string, string][] = [
  ["border-control", "surface"],
  ["border-control", "bg"],
  ["focus", "surface"],
  ["focus", "bg"],
  ["accent", "surface"],
  ...[0, 1, 2, 3, 4, 5].flatMap((n): [string, string][] => [
    [`series-${n}`, "surface"],
    [`series-${n}`, "surface-sunk"],
  ]),
];

describe("contrast", () => {
  it("knows the formula", () => {
    expect(contrast("#000000", "#ffffff")).toBe(21);
    expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
  });

  for (const [theme, tokens] of Object.entries(themes)) {
    const of = (name: string): string => {
      const value = tokens.get(name);
      if (value === undefined) throw new Error(`${theme} has no --${name}`);
      return value;
    };
    it.each(textPairs)(`${theme}: %s on %s is at least 4.5`, (text, ground) => {
      expect(contrast(of(text), of(ground))).toBeGreaterThanOrEqual(4.5);
    });
    it.each(shapePairs)(`${theme}: %s on %s is at least 3`, (shape, ground) => {
      expect(contrast(of(shape), of(ground))).toBeGreaterThanOrEqual(3);
    });
  }

  it("both themes name the same colours", () => {
    expect([...themes.dark.keys()].toSorted()).toEqual([...themes.light.keys()].toSorted());
  });
});
