/**
 * Labels as the server takes them (`labelKey` and `labelValue` in `gateway/node-schemas.ts`), checked
 * where they are typed; a test holds the two together.
 */
const keyShape =
  /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const longestKey = 317;
const valueShape = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;
/** One text of both. */
export const longestLabel = longestKey + 64;
export const mostLabels = 100;

export type LabelFault = "empty" | "name" | "value";

export type ParsedLabel =
  | { readonly key: string; readonly value: string }
  | { readonly fault: LabelFault };

/** `name=value`, or a name alone. */
export function parseLabel(text: string): ParsedLabel {
  const [name = "", ...rest] = text.trim().split("=");
  const [key, value] = [name.trim(), rest.join("=").trim()];
  if (key === "" && value === "") return { fault: "empty" };
  if (key.length > longestKey || !keyShape.test(key)) return { fault: "name" };
  return valueShape.test(value) ? { key, value } : { fault: "value" };
}
