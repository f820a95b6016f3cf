/** The texts of the pages about nodes, use and instances, on those of the administration. */
import { administration } from "./admin.ts";
import { loadPart } from "./part.ts";
import { schedulerEn } from "./scheduler-en.ts";

export const t = await loadPart(
  schedulerEn,
  { de: async () => (await import("./scheduler-de.ts")).schedulerDe },
  administration,
);
