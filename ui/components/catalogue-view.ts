import type {
  Catalogue,
  CatalogueEnvironment,
  CatalogueExperiment,
} from "../../gateway/catalogue-schemas.ts";
import type { Instance } from "../../gateway/schemas.ts";
import { createMemo, type Accessor } from "solid-js";
import { t } from "../messages/messages.ts";
import { choicesOf, orderExperiments, phaseOf, usualChoice } from "./sections.ts";
import { isLong } from "./start-watch.ts";

/**
 * The catalogue for those who show parts of it. Rows are known by slug and code, which stay the same
 * from one answer to the next, so that no row is made anew under somebody's hands.
 */
export interface CatalogueView {
  /** Codes, in the order of the page. */
  readonly order: Accessor<readonly string[]>;
  environment(slug: string): CatalogueEnvironment | undefined;
  experiment(code: string): CatalogueExperiment | undefined;
  choices(slug: string): readonly string[];
  usual(slug: string): string;
  /** Whether one of it waits for a place. */
  waits(slug: string): boolean;
}

/** `now`: ms since 1970; ticks slowly. `instances`: the person's own. */
export function createCatalogueView(
  catalogue: Accessor<Catalogue>,
  now: Accessor<number>,
  instances: Accessor<readonly Instance[]>,
): CatalogueView {
  const bySlug = createMemo(() => new Map(catalogue().environments.map((it) => [it.slug, it])));
  const byCode = createMemo(() => new Map(catalogue().experiments.map((it) => [it.code, it])));
  const order = createMemo(
    () => orderExperiments(catalogue().experiments, now()).map((it) => it.code),
    [],
    { equals: (a, b) => String(a) === String(b) },
  );
  const waiting = createMemo(() => {
    // What has no reason yet has a place in an instant; what was started just now is looked at elsewhere.
    const all = instances().filter(
      (it) => it.state === "queued" && it.reason !== null && isLong(it, now()),
    );
    return new Set(all.map((it) => it.environment));
  });
  const choices = (slug: string): readonly string[] => {
    const it = bySlug().get(slug);
    return it === undefined ? [] : choicesOf(it, order());
  };
  const phase = (code: string) => {
    const it = byCode().get(code);
    return it && phaseOf(it, now());
  };
  return {
    order,
    environment: (slug) => bySlug().get(slug),
    experiment: (code) => byCode().get(code),
    choices,
    waits: (slug) => waiting().has(slug),
    usual: (slug) => usualChoice(choices(slug), phase),
  };
}

/** An experiment in one line: "Experiment 18342 · Lungs at rest". Empty: without one. */
export function experimentText(view: CatalogueView, code: string): string {
  if (code === "") return t("catalogue.noExperiment");
  const named = t("catalogue.experiment", { code });
  const title = view.experiment(code)?.title ?? "";
  return title === "" ? named : `${named} · ${title}`;
}
