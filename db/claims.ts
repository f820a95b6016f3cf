/** What a provider's claims give, by the rules that administrators edit. Pure. */

export interface ClaimRule {
  readonly claim: string;
  /** `*` stands for anything, once at most. */
  readonly pattern: string;
  readonly gives: "role" | "group" | "beamline_staff" | "experiment";
  /** `*` in it is what it stood for in the pattern. */
  readonly target: string;
}

/** Names and codes, each once; a kind that no rule gives is absent: then it is none of the provider's. */
export type Given = Partial<Record<ClaimRule["gives"], string[]>>;

const texts = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((it) => typeof it === "string");

/** What `*` stands for; the empty text where there is none; null where the text does not match. */
function matched(pattern: string, text: string): string | null {
  const [before = "", after] = pattern.split("*");
  if (after === undefined) return text === pattern ? "" : null;
  const long = text.length >= before.length + after.length;
  if (!long || !text.startsWith(before) || !text.endsWith(after)) return null;
  return text.slice(before.length, text.length - after.length);
}

export function givenBy(
  rules: readonly ClaimRule[],
  claims: Readonly<Record<string, unknown>>,
): Given {
  const given: Partial<Record<ClaimRule["gives"], Set<string>>> = {};
  for (const { claim, pattern, gives, target } of rules) {
    const found = (given[gives] ??= new Set());
    for (const text of texts(claims[claim])) {
      const rest = matched(pattern, text);
      if (rest !== null) found.add(target.replace("*", () => rest));
    }
  }
  return Object.fromEntries(
    Object.entries(given).map(([kind, values]) => [kind, [...values].toSorted()]),
  );
}

/**
 * A claim as a user name of this site: in lower case, without what follows an @, other characters as
 * dashes. @returns null where nothing usable is left
 */
export function usernameFrom(claim: unknown): string | null {
  if (typeof claim !== "string") return null;
  const name = claim
    .toLowerCase()
    .replace(/@.*$/, "")
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^a-z0-9_-]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .replace(/-+$/, "")
    .slice(0, 31);
  return name === "" ? null : name;
}
