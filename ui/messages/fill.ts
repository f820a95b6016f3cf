import type { Message } from "./en.ts";
import { numberFormat, pluralRules } from "./formats.ts";

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
    return typeof value === "number" ? numberFormat(locale).format(value) : value;
  });
}
