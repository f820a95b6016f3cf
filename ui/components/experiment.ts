import type { Environment } from "../../gateway/schemas.ts";

/** What is chosen where nobody chose: the newest, or none (empty) where none is needed. */
export function usualExperiment({ needsExperiment, experiments }: Environment): string {
  return needsExperiment ? (experiments[0] ?? "") : "";
}
