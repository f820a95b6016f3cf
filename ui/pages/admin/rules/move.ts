/** The list with the item at `from` at the place `to`. Pure. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const item = items[from];
  if (item === undefined) return [...items];
  const rest = items.filter((_, at) => at !== from);
  const place = Math.min(Math.max(to, 0), rest.length);
  return [...rest.slice(0, place), item, ...rest.slice(place)];
}

/**
 * Rules in an order that somebody has chosen and not saved yet. Those that came since stand where the
 * server has them; those that are gone are left out.
 */
export function inChosenOrder<T extends { readonly id: string }>(
  rules: readonly T[],
  chosen: readonly string[] | null,
): T[] {
  if (chosen === null) return [...rules];
  const known = chosen.flatMap((id) => rules.find((it) => it.id === id) ?? []);
  let result = known;
  for (const [at, rule] of rules.entries())
    if (!known.includes(rule)) result = [...result.slice(0, at), rule, ...result.slice(at)];
  return result;
}

export const sameOrder = (
  a: readonly { readonly id: string }[],
  b: readonly { readonly id: string }[],
): boolean => a.length === b.length && a.every((it, at) => it.id === b[at]?.id);
