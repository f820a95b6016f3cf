/** The texts of the pages of rules and reservations, on those of the administration. */
import { administration } from "./admin.ts";
import { loadPart } from "./part.ts";
import { rulesEn } from "./rules-en.ts";

export const t = await loadPart(
  rulesEn,
  { de: async () => (await import("./rules-de.ts")).rulesDe },
  administration,
);
