/** The catalogue by experiment: what stands where, and what a search finds of it. Pure. */
import type {
  Catalogue,
  CatalogueEnvironment,
  CatalogueExperiment,
  LastStart,
} from "../../gateway/catalogue-schemas.ts";
import type { Instance } from "../../gateway/schemas.ts";
import { isLive } from "../../db/states.ts";
import { foldText, searchWords } from "./fold-text.ts";

type Phase = "running" | "upcoming" | "ended";

/** Of an experiment what may be started for it, as slugs. */
export interface Section {
  readonly code: string;
  readonly slugs: readonly string[];
}

/** The parts of the page: what is found of the experiments, and of what is open without one. */
export interface Sections {
  readonly experiments: readonly Section[];
  readonly free: readonly string[];
}

/** `nowMs`: since 1970, by the server's clock. */
export function phaseOf(
  it: Pick<CatalogueExperiment, "startsAt" | "endsAt">,
  nowMs: number,
): Phase {
  if (Date.parse(it.startsAt) > nowMs) return "upcoming";
  return Date.parse(it.endsAt) > nowMs ? "running" : "ended";
}

/** Whose beamtime is now come first, whatever comes later; then the newest. */
export function orderExperiments(
  experiments: readonly CatalogueExperiment[],
  nowMs: number,
): CatalogueExperiment[] {
  const later = (it: CatalogueExperiment): number => (phaseOf(it, nowMs) === "running" ? 0 : 1);
  return experiments.toSorted(
    (a, b) => later(a) - later(b) || Date.parse(b.startsAt) - Date.parse(a.startsAt),
  );
}

/** With one experiment, or none, there is nothing to group. */
export const isGrouped = ({ experiments }: Catalogue): boolean => experiments.length > 1;

/** Every experiment that opens something, in their order, and what is open without any. */
export function sectionsOf({ environments }: Catalogue, order: readonly string[]): Sections {
  const bySection = new Map<string, string[]>(order.map((code) => [code, []]));
  for (const { slug, experiments } of environments)
    for (const code of experiments) bySection.get(code)?.push(slug);
  return {
    experiments: [...bySection]
      .filter(([, slugs]) => slugs.length > 0)
      .map(([code, slugs]) => ({ code, slugs })),
    free: environments.filter((it) => !it.needsExperiment).map((it) => it.slug),
  };
}

/** What a search finds; every word has to occur in what is started or in the experiment for which. */
export function makeFinder({ environments, experiments }: Catalogue) {
  const ofEnvironment = new Map(
    environments.map((it) => [it.slug, foldText([it.name, it.slug, it.description].join("\n"))]),
  );
  const ofExperiment = new Map(
    experiments.map((it) => [
      it.code,
      foldText([it.code, it.title, it.beamline.code, it.beamline.name].join("\n")),
    ]),
  );
  return (sections: Sections, search: string): Sections => {
    const words = searchWords(search);
    const among = (slugs: readonly string[], code: string | null): string[] => {
      const experiment = code === null ? "" : (ofExperiment.get(code) ?? "");
      const left = words.filter((word) => !experiment.includes(word));
      return slugs.filter((slug) => left.every((it) => ofEnvironment.get(slug)?.includes(it)));
    };
    return {
      experiments: sections.experiments
        .map(({ code, slugs }) => ({ code, slugs: among(slugs, code) }))
        .filter(({ slugs }) => slugs.length > 0),
      free: among(sections.free, null),
    };
  };
}

/** How many ways to start something there are in these. */
export function countFound({ experiments, free }: Sections): number {
  return experiments.reduce((count, { slugs }) => count + slugs.length, free.length);
}

/** What may be started, each once, however many ways there are to it. */
export function slugsOf({ experiments, free }: Sections): Set<string> {
  return new Set([...free, ...experiments.flatMap((it) => it.slugs)]);
}

/** For a page without sections: favourites first, then what an experiment opens, each part as it was. */
export function orderFlat(environments: readonly CatalogueEnvironment[]): string[] {
  const rank = ({ favourite, experiments }: CatalogueEnvironment): number =>
    (favourite ? 0 : 2) + (experiments.length > 0 ? 0 : 1);
  return environments.toSorted((a, b) => rank(a) - rank(b)).map((it) => it.slug);
}

/** For which of a person's experiments an environment may be started, in their order; "" stands for none. */
export function choicesOf(
  { experiments, needsExperiment }: CatalogueEnvironment,
  order: readonly string[],
): string[] {
  if (!needsExperiment) return ["", ...order];
  const opened = new Set(experiments);
  return order.filter((code) => opened.has(code));
}

/** What is chosen where nobody chose: none where none is needed, else the newest that has begun. */
export function usualChoice(
  choices: readonly string[],
  phase: (code: string) => Phase | undefined,
): string {
  return choices.find((code) => code === "" || phase(code) !== "upcoming") ?? choices[0] ?? "";
}

/**
 * Whether to offer the last start once more: not where the same runs already, and not where the page
 * has one button in all, which does the same.
 */
export function offersLast(
  { environments, experiments, last }: Catalogue,
  instances: readonly Pick<Instance, "environment" | "experiment" | "state">[],
): boolean {
  if (last === null || !environments.some((it) => it.slug === last.environment)) return false;
  if (instances.some((it) => isLive(it.state) && isSame(it, last))) return false;
  return environments.length + experiments.length > 1 || last.version !== null;
}

const isSame = (it: Pick<Instance, "environment" | "experiment">, last: LastStart): boolean =>
  it.environment === last.environment && it.experiment === last.experiment;
