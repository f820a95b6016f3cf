/** Faults of selectors, while they are typed: found by the parser that the scheduler uses. */
import { parseSelector, type SelectorFault } from "../../../../scheduler/selector.ts";

export type { SelectorFault };

export function selectorFault(text: string): SelectorFault | null {
  const parsed = parseSelector(text);
  return parsed.ok ? null : parsed.fault;
}

const part = "(the domain before a label's name|a label's name|a label's value)";
/** The parser's words, each with what it puts into them. A test asks for every one of them. */
const known = [
  ["cannotStand", new RegExp(`^(.+) cannot stand in ${part}: it has `, "su")],
  ["tooLong", new RegExp(`^()${part} has at most (\\d+) characters$`)],
  ["edges", new RegExp(`^()${part} begins and ends with a letter or a digit$`)],
  ["domain", /^the domain before a label's name has small letters/],
  ["nameAfter", /^expected a label's name after (.+)$/],
  ["name", /^expected a label's name$/],
  ["valueAfter", /^expected a value after (.+)$/],
  ["parenthesis", /^expected \( after (.+)$/],
  ["listGoesOn", /^expected , or \) after a value$/],
  ["operator", /^expected =, !=, in, notin or , after (.+)$/s],
  ["commaOrEnd", /^expected , or the end$/],
] as const;
const parts = {
  "the domain before a label's name": "domain",
  "a label's name": "name",
  "a label's value": "value",
} as const;

export interface SelectorFaultWords {
  readonly code: (typeof known)[number][0];
  readonly what: string;
  readonly part: (typeof parts)[keyof typeof parts] | null;
  readonly count: string;
}

/** What a fault is about, so that each language has its own words; null: the parser has new ones. */
export function selectorFaultWords({ message }: SelectorFault): SelectorFaultWords | null {
  for (const [code, pattern] of known) {
    const match = pattern.exec(message);
    if (match === null) continue;
    const [, what = "", of = "", count = ""] = match;
    return {
      code,
      what,
      part: Object.entries(parts).find(([it]) => it === of)?.[1] ?? null,
      count,
    };
  }
  return null;
}
