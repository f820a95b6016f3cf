import { Hono } from "hono";
import { readClock, readUse } from "../../db/use.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { ProblemError } from "../problem.ts";
import { useQuery, useSchema, type Use } from "../use-schemas.ts";
import { seriesOf, stepsFor } from "../use-series.ts";
import { queryOf } from "../validation.ts";

const dayMs = 86_400_000;
/** So many lines nobody reads: of more, those that were used most. */
const mostSeries = 200;

function keepMostUsed(series: Use["series"]): Use["series"] {
  if (series.length <= mostSeries) return series;
  const used = (it: Use["series"][number]) => it.instances.reduce((sum, one) => sum + one, 0);
  const kept = new Set([...series].sort((a, b) => used(b) - used(a)).slice(0, mostSeries));
  return series.filter((it) => kept.has(it));
}

export function useRoutes(deps: Deps) {
  return new Hono<AppEnv>().get(
    "/admin/use",
    describe({
      tag: "Administration: nodes",
      summary: "Use over time, by node, GPU or beamline",
      description:
        "In at most 200 steps; each tells what was held in its middle. By beamline, the one without a name is what ran for none; by GPU, `cpus` and `memoryBytes` are those of the instances that had a part of it.",
      status: 200,
      body: useSchema,
      refusals: [400, 401, 403],
    }),
    queryOf(useQuery),
    async (c) => {
      const { by, node, ...query } = c.req.valid("query");
      const now = await readClock(deps.db);
      // What is to come nobody knows.
      const until = Math.min(now, query.until === undefined ? now : Date.parse(query.until));
      const from = query.from === undefined ? until - dayMs : Date.parse(query.from);
      if (from >= until) {
        const errors = [{ path: "from", message: "must be before until, and in the past" }];
        throw new ProblemError(400, "validation", "from: must be before until, and in the past.", {
          errors,
        });
      }
      const { stepMs, steps } = stepsFor(from, until);
      const rows = await readUse(deps.db, { by, from, stepMs, steps, nodeId: node ?? null });
      const all = rows.map((it) => seriesOf(it, steps));
      const series = keepMostUsed(all).filter(
        (it) => it.capacity !== null || it.instances.some((one) => one > 0),
      );
      const at = (time: number) => new Date(time).toISOString();
      const omitted = Math.max(0, all.length - mostSeries);
      return c.json({ from: at(from), until: at(until), stepMs, series, omitted }, 200);
    },
  );
}
