import { t } from "../messages/messages.ts";

/** For a field: as many characters as the API takes of it, and what is said when they are there. */
export function limit(count: number): { readonly maxLength: number; readonly full: string } {
  return { maxLength: count, full: t("app.full", { count }) };
}
