/** The texts of the administration, which most people never open. */
import { adminEn } from "./admin-en.ts";
import type { en } from "./en.ts";
import { loadPart, type Base } from "./part.ts";

export const t = await loadPart(adminEn, {
  de: async () => (await import("./admin-de.ts")).adminDe,
});

/** For parts that stand on these. */
export const administration: Base<Omit<typeof en, keyof typeof adminEn> & typeof adminEn> = {
  say: t as Base<typeof en>["say"],
};
