import type { Message } from "./en.ts";

const rules = new Map<string, Intl.PluralRules>();

function pluralRules(locale: string): Intl.PluralRules {
  const known = rules.get(locale);
  if (known !== undefined) return known;
  const made = new Intl.PluralRules(locale);
  rules.set(locale, made);
  return made;
}

/** Chooses the plural form by `count` and puts the parameters in. Pure. */
export function fill(
  message: Message,
  parameters: Readonly<Record<string, string | number>> | undefined,
  locale: string,
): string {
  let text: string;
  if (typeof message === "string") text = message;
  else {
    const count = Number(parameters?.["count"] ?? 0);
    text = pluralRules(locale).select(count) === "one" ? message.one : message.other;
  }
  if (parameters === undefined) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = parameters[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString(locale) : value;
  });
}
