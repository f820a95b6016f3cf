import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type {
  Catalogue,
  CatalogueEnvironment,
  CatalogueExperiment,
} from "../../gateway/catalogue-schemas.ts";
import type { State } from "../../db/states.ts";
import {
  choicesOf,
  countFound,
  orderFlat,
  isGrouped,
  makeFinder,
  offersLast,
  orderExperiments,
  phaseOf,
  sectionsOf,
  slugsOf,
  usualChoice,
} from "./sections.ts";

const dayMs = 86_400_000;
const nowMs = Date.parse("2026-11-22T12:00:00Z");
const inDays = (days: number): string => new Date(nowMs + days * dayMs).toISOString();

const experiment = (
  code: string,
  from: number,
  until: number,
  title = "",
): CatalogueExperiment => ({
  code,
  title,
  beamline: { code: "IMBL", name: "Imaging and Médical" },
  startsAt: inDays(from),
  endsAt: inDays(until),
});
const environment = (
  slug: string,
  experiments: string[],
  more: Partial<CatalogueEnvironment> = {},
): CatalogueEnvironment => ({
  slug,
  name: slug,
  kind: "desktop",
  description: "",
  versions: [{ tag: "1", digest: "x" }],
  experiments,
  needsExperiment: experiments.length > 0,
  favourite: false,
  ...more,
});

const experiments = [
  experiment("next", 20, 21),
  experiment("now", -1, 1, "Lungs at rest"),
  experiment("late", -30, -29, "Röntgen"),
  experiment("old", -300, -299),
];
const environments = [
  environment("tomo", ["next", "now", "old"], { name: "Tomography", description: "With scripts" }),
  environment("mate", [], { name: "MATE" }),
  environment("both", ["now"], { name: "Both", needsExperiment: false }),
];
const catalogue: Catalogue = { environments, experiments, last: null };
const order = orderExperiments(experiments, nowMs).map((it) => it.code);
const whole = sectionsOf(catalogue, order);

describe("phaseOf", () => {
  it.each([
    [1, 2, "upcoming"],
    [0, 1, "running"],
    [-1, 0, "ended"],
  ])("from day %d until day %d is %s", (from, until, phase) => {
    expect(phaseOf(experiment("x", from, until), nowMs)).toBe(phase);
  });
});

describe("orderExperiments", () => {
  it("puts what goes on first, then the newest", () => {
    expect(order).toEqual(["now", "next", "late", "old"]);
  });
});

describe("sectionsOf", () => {
  it("has each environment in each experiment that opens it, and what needs none apart", () => {
    expect(whole).toEqual({
      experiments: [
        { code: "now", slugs: ["tomo", "both"] },
        { code: "next", slugs: ["tomo"] },
        { code: "old", slugs: ["tomo"] },
      ],
      free: ["mate", "both"],
    });
  });

  const code = fc.constantFrom("a", "b", "c", "d", "e");
  const made = fc
    .tuple(
      fc.uniqueArray(code),
      fc.array(fc.tuple(fc.uniqueArray(code), fc.boolean()), { maxLength: 8 }),
    )
    .map(([codes, rows]): Catalogue => ({
      experiments: codes.map((it, at) => experiment(it, -at, 1 - at)),
      environments: rows.map(([some, needs], at) =>
        environment(`e${at}`, some, { needsExperiment: needs }),
      ),
      last: null,
    }));

  it("loses nothing and adds nothing", () => {
    fc.assert(
      fc.property(made, (it) => {
        const codes = it.experiments.map(({ code }) => code);
        const pairs = sectionsOf(it, codes).experiments.flatMap(({ code, slugs }) =>
          slugs.map((slug) => `${code} ${slug}`),
        );
        const expected = it.environments.flatMap(({ slug, experiments: of }) =>
          of.filter((code) => codes.includes(code)).map((code) => `${code} ${slug}`),
        );
        expect(pairs.toSorted()).toEqual(expected.toSorted());
      }),
    );
  });

  it("a search finds a part of it in the same order, and nothing is lost on an empty one", () => {
    fc.assert(
      fc.property(made, fc.constantFrom("", " ", "e1", "imbl", "a e", "nothing"), (it, search) => {
        const all = sectionsOf(
          it,
          it.experiments.map(({ code }) => code),
        );
        const found = makeFinder(it)(all, search);
        if (search.trim() === "") expect(found).toEqual(all);
        expect(countFound(found)).toBeLessThanOrEqual(countFound(all));
        const codes = all.experiments.map(({ code }) => code);
        const at = found.experiments.map(({ code }) => codes.indexOf(code));
        expect(at).toEqual(at.toSorted((a, b) => a - b));
        expect(at).not.toContain(-1);
      }),
    );
  });
});

describe("a search", () => {
  const find = makeFinder(catalogue);
  const found = (search: string) => {
    const it = find(whole, search);
    return [
      ...it.experiments.flatMap(({ code, slugs }) => slugs.map((s) => `${code}/${s}`)),
      ...it.free,
    ];
  };
  it.each([
    ["by name", "TOMOGR", ["now/tomo", "next/tomo", "old/tomo"]],
    ["by description", "scripts", ["now/tomo", "next/tomo", "old/tomo"]],
    ["by an experiment's code", "old", ["old/tomo"]],
    ["by its title", "lungs rest", ["now/tomo", "now/both"]],
    ["by its beamline", "imaging both", ["now/both"]],
    ["without accents", "medical next", ["next/tomo"]],
    ["by both at once", "lungs tomo", ["now/tomo"]],
    ["what needs no experiment", "mate", ["mate"]],
    ["nothing", "mate lungs", []],
  ])("finds %s", (_what, search, expected) => {
    expect(found(search)).toEqual(expected);
  });

  it("counts ways to start something", () => {
    expect(countFound(whole)).toBe(6);
    expect([...slugsOf(whole)]).toEqual(["mate", "both", "tomo"]);
    expect(countFound(find(whole, "nothing like it"))).toBe(0);
  });

  it("goes through 200 experiments with 10 environments each in a moment", () => {
    const codes = Array.from({ length: 200 }, (_, n) => `E${n}`);
    const many: Catalogue = {
      experiments: codes.map((code, n) => experiment(code, -n, 1 - n, `About ${n}`)),
      environments: Array.from({ length: 10 }, (_, n) => environment(`env-${n}`, codes)),
      last: null,
    };
    const sections = sectionsOf(many, codes);
    expect(countFound(makeFinder(many)(sections, "env-7"))).toBe(200);
    expect(countFound(makeFinder(many)(sections, "e199"))).toBe(10);
  });
});

describe("without sections", () => {
  it("is a page with one experiment or none", () => {
    const [one, two] = experiments;
    if (!one || !two) throw new Error("there are four");
    const grouped = [[], [one], [one, two]].map((some) =>
      isGrouped({ ...catalogue, experiments: some }),
    );
    expect(grouped).toEqual([false, false, true]);
  });

  it("favourites come first, then what the experiment opens, and the others keep their order", () => {
    const some = ["a", "b", "c", "d", "e"].map((it) =>
      environment(it, it === "b" || it === "e" ? ["now"] : [], { favourite: it > "c" }),
    );
    expect(orderFlat(some)).toEqual(["e", "d", "b", "a", "c"]);
  });
});

describe("for which experiment", () => {
  const phase = (code: string) => {
    const it = experiments.find((one) => one.code === code);
    return it && phaseOf(it, nowMs);
  };
  const usual = (it: CatalogueEnvironment) => usualChoice(choicesOf(it, order), phase);
  it("is one of those that open it, the one that goes on first", () => {
    const it = environment("x", ["next", "now", "old"]);
    expect(choicesOf(it, order)).toEqual(["now", "next", "old"]);
    expect(usual(it)).toBe("now");
  });

  it("is not one that is still to come, unless there is no other", () => {
    expect(usual(environment("x", ["next", "old"]))).toBe("old");
    expect(usual(environment("x", ["next"]))).toBe("next");
  });

  it("is none where none is needed, and may be any", () => {
    const it = environment("x", ["now"], { needsExperiment: false });
    expect(choicesOf(it, order)).toEqual(["", ...order]);
    expect(usual(it)).toBe("");
  });
});

describe("the last start", () => {
  const last = {
    environment: "tomo",
    version: null,
    experiment: "now",
    screen: null,
    at: inDays(-1),
  };
  const running = (environment: string, experiment: string | null, state: State = "running") => ({
    environment,
    experiment,
    state,
  });
  it.each([
    ["where nothing runs", [], true],
    ["where another runs", [running("tomo", "old"), running("mate", "now")], true],
    ["where the same has ended", [running("tomo", "now", "stopped")], true],
    ["where the same runs", [running("tomo", "now")], false],
    ["where the same waits", [running("tomo", "now", "queued")], false],
  ])("%s", (_what, instances, offered) => {
    expect(offersLast({ ...catalogue, last }, instances)).toBe(offered);
  });

  it("is not offered beside the one button that does the same", () => {
    const one = { environments: [environment("tomo", [])], experiments: [] };
    const free = { ...last, experiment: null };
    expect(offersLast({ ...one, last: free }, [])).toBe(false);
    expect(offersLast({ ...one, last: { ...free, version: "0" } }, [])).toBe(true);
    expect(offersLast({ ...one, last: null }, [])).toBe(false);
    expect(offersLast({ ...one, last: { ...free, environment: "gone" } }, [])).toBe(false);
  });
});
