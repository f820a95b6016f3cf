import { expect, it } from "vitest";
import type { Environment } from "../../gateway/schemas.ts";
import { usualExperiment } from "./experiment.ts";

const environment = (needsExperiment: boolean, experiments: string[]): Environment => ({
  slug: "tomo",
  name: "Tomography",
  kind: "desktop",
  description: "",
  versions: [],
  needsExperiment,
  experiments,
});

it.each([
  [true, ["18342", "17999"], "18342"],
  [false, ["18342"], ""],
  [false, [], ""],
])("needed: %s, of %j, is %j where nobody chose", (needs, codes, usual) => {
  expect(usualExperiment(environment(needs, codes))).toBe(usual);
});
