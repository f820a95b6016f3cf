/** The texts of stations, and of who answers one on their phone. */
import { loadPart } from "./part.ts";
import { stationEn } from "./station-en.ts";

export const t = await loadPart(stationEn, {
  de: async () => (await import("./station-de.ts")).stationDe,
});
