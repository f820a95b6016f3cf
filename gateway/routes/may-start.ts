import { Hono } from "hono";
import type { Reach } from "../../db/beamlines.ts";
import {
  codesWithin,
  mayStart,
  weighEntitlements,
  type StartVerdict,
} from "../../db/entitlement.ts";
import { findAccount } from "../../db/sign-ins.ts";
import { reachOf } from "../audited.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { notFound } from "../problem.ts";
import { mayStartQuery, mayStartSchema } from "../admin-schemas.ts";
import { queryOf } from "../validation.ts";

/** To staff, an experiment of another beamline is one that they do not know of. */
async function within(
  deps: Deps,
  reach: Reach,
  { code, experiments }: StartVerdict & { readonly allowed: false },
  asked: string | undefined,
) {
  const known = await codesWithin(deps.db, reach, [...experiments, ...(asked ? [asked] : [])]);
  const lower = known.map((it) => it.toLowerCase());
  const hidden = code === "not_a_member" && !lower.includes(asked?.toLowerCase() ?? "");
  return {
    via: null,
    reason: hidden ? ("unknown_experiment" as const) : code,
    experiments: known.filter((it) => experiments.includes(it)),
  };
}

export function mayStartRoutes(deps: Deps) {
  return new Hono<AppEnv>().get(
    "/admin/may-start",
    describe({
      tag: "Administration: environments",
      summary: "May this person start this, and why, or why not",
      description:
        "Asks what a start asks. `entitlements` are all that open the environment to anybody, each with what it does for this person.",
      status: 200,
      body: mayStartSchema,
      refusals: [400, 401, 403, 404],
    }),
    queryOf(mayStartQuery),
    async (c) => {
      const { user, environment, version, experiment } = c.req.valid("query");
      const account = await findAccount(deps.db, user);
      if (!account) throw notFound("person");
      const { id: userId } = account;
      const verdict = await mayStart(deps.db, {
        userId,
        environment,
        version: version ?? null,
        experiment: experiment ?? null,
      });
      const reach = reachOf(c);
      const answer = verdict.allowed
        ? { via: verdict.via, reason: null, experiments: [] }
        : await within(deps, reach, verdict, experiment);
      const disabled = account.disabled ? ("person_disabled" as const) : null;
      return c.json(
        {
          allowed: verdict.allowed && disabled === null,
          ...answer,
          reason: disabled ?? answer.reason,
          entitlements: await weighEntitlements(deps.db, reach, { userId, environment }),
        },
        200,
      );
    },
  );
}
