import { Hono } from "hono";
import type { RuleThen } from "../../scheduler/types.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { previewRules } from "../rule-preview.ts";
import { previewBody, previewSchema } from "../preview-schemas.ts";
import { refuseSelectors } from "../selector-faults.ts";
import { jsonBody } from "../validation.ts";

export function rulePreviewRoutes(deps: Deps) {
  return new Hono<AppEnv>().post(
    "/admin/rules/preview",
    describe({
      tag: "Administration: rules",
      summary: "What a change of the rules would do, before it is made",
      description:
        "Beside what the rules do now: for each request that waits, for the last days' (replayed over the nodes' full capacity, each for as long as it lasted), and, where one is given, for a single request with every node's explanation. Nothing is changed.",
      status: 200,
      body: previewSchema,
      refusals: [400, 401, 403, 413],
    }),
    jsonBody(previewBody),
    async (c) => {
      const body = c.req.valid("json");
      if (body.draft) refuseSelectors(body.draft.then as RuleThen, "draft.then");
      const preview = await deps.db.transaction((tx) => previewRules(tx, body), {
        isolationLevel: "repeatable read",
        accessMode: "read only",
      });
      return c.json(preview, 200);
    },
  );
}
