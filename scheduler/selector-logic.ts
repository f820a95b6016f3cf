/** Whether labels could meet a selector at all. */
import type { Selector } from "./selector.ts";

interface Wanted {
  present: boolean;
  absent: boolean;
  /** Null: any value. */
  among: ReadonlySet<string> | null;
  readonly without: Set<string>;
}

/** The first label whose requirements exclude each other; null: some labels meet all of it. */
export function contradictionIn(selector: Selector): string | null {
  const byKey = new Map<string, Wanted>();
  for (const { key, operator, values } of selector) {
    const one = byKey.get(key) ?? {
      present: false,
      absent: false,
      among: null,
      without: new Set<string>(),
    };
    byKey.set(key, one);
    if (operator === "absent") one.absent = true;
    else if (operator === "notin") for (const value of values) one.without.add(value);
    else {
      one.present = true;
      if (operator === "in") one.among = new Set(values.filter((it) => one.among?.has(it) ?? true));
    }
  }
  for (const [key, { present, absent, among, without }] of byKey) {
    if (present && absent) return key;
    if (among && [...among].every((it) => without.has(it))) return key;
  }
  return null;
}
