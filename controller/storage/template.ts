/** A site's paths as patterns, e.g. `/nfs/home/{initial}/{username}`. */
import { z } from "zod";
import type { ExperimentData } from "../../db/node-instances.ts";

const homeNames = ["username", "uid", "initial"] as const;
const dataNames = ["beamline", "experiment", "year"] as const;

const namesIn = (template: string): string[] =>
  [...template.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name ?? "");

/**
 * @param known what may stand in braces
 * @param telling one of these has to be there: else one folder would be everybody's
 */
function templateSchema(known: readonly string[], telling: readonly string[]) {
  const inWords = known.map((it) => `{${it}}`).join(", ");
  return z
    .string()
    .regex(/^\/[^\0]*$/, "an absolute path")
    .refine((it) => !/(^|\/)\.\.?(\/|$)/.test(it), "must not contain . or .. as a folder")
    .refine((it) => namesIn(it).every((name) => known.includes(name)), `knows only ${inWords}`)
    .refine(
      (it) => namesIn(it).some((name) => telling.includes(name)),
      `must contain ${telling.map((it) => `{${it}}`).join(" or ")}`,
    );
}

export const homeTemplateSchema = templateSchema(homeNames, ["username", "uid"]);
export const dataTemplateSchema = templateSchema(dataNames, ["experiment"]);

const fill = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replace(/\{([^}]*)\}/g, (_all, name: string) => values[name] ?? "");

/** Names of people and codes of experiments cannot hold a slash or begin with a dot: the database sees to it. */
export function homePath(template: string, person: { username: string; uid: number }): string {
  const { username, uid } = person;
  return fill(template, { username, uid: String(uid), initial: username.slice(0, 1) });
}

/** @returns null where nobody says where it lies */
export function dataPath(template: string | undefined, data: ExperimentData): string | null {
  if (data.path !== null) return data.path;
  if (template === undefined) return null;
  const { beamline, experiment, year } = data;
  return fill(template, { beamline, experiment, year: String(year) });
}
