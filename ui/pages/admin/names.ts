/** The user names in a text: people paste lists with spaces, commas or lines between. */
export function namesIn(text: string): string[] {
  return text
    .split(/[\s,;]+/)
    .map((it) => it.toLowerCase())
    .filter((it) => it !== "");
}

/** `names` with those of `text` in front, where a wrong one among many is seen; each once. */
export function withNames(names: readonly string[], text: string): string[] {
  return [...new Set([...namesIn(text), ...names])];
}

export function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((it) => other.includes(it));
}
