/** The texts of the administration, which most people never open. */
import { adminEn } from "./admin-en.ts";
import { loadPart } from "./part.ts";

export const t = await loadPart(adminEn, {
  de: async () => (await import("./admin-de.ts")).adminDe,
});
