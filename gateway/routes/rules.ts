import { Hono } from "hono";
import { getRule, listRules, listRuleVersions } from "../../db/rules.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { notFound } from "../problem.ts";
import { withMatches } from "../rule-matches.ts";
import {
  changeRule,
  createRule,
  orderRules,
  removeRule,
  restoreRule,
  type NewRule,
  type RulePatch,
} from "../rule-writes.ts";
import {
  orderRulesBody,
  patchRuleBody,
  removeRuleQuery,
  restoreRuleBody,
  ruleBody,
  ruleListQuery,
  ruleSchema,
  ruleVersionListSchema,
  type AdminRule,
} from "../rule-schemas.ts";
import { ruleProblemSchema } from "../preview-schemas.ts";
import { listOf } from "../schemas.ts";
import { decodeRuleCursor, jsonBody, page, pathId, queryOf, ruleCursorOf } from "../validation.ts";

const tag = "Administration: rules";
const asks =
  "Where by this or another rule somebody could start nothing any more, it is a 409 `locks_out` until `confirm` is true.";
const meanings = { 409: ["The state does not allow it, or asks", ruleProblemSchema] } as const;

async function oneRule(deps: Deps, id: string | undefined): Promise<AdminRule> {
  const rule = id === undefined ? undefined : await getRule(deps.db, id);
  if (!rule) throw notFound("rule");
  const [shown] = await withMatches(deps.db, [rule]);
  if (!shown) throw new Error("the rule was lost on the way");
  return shown as AdminRule;
}

function readRoutes(deps: Deps) {
  return new Hono<AppEnv>()
    .get(
      "/admin/rules",
      describe({
        tag,
        summary: "Rules, in the order in which they are asked",
        description: "`search` looks at names, conditions and effects.",
        status: 200,
        body: listOf(ruleSchema),
        refusals: [400, 401, 403],
      }),
      queryOf(ruleListQuery),
      async (c) => {
        const { limit, cursor, search, sort } = c.req.valid("query");
        const at = decodeRuleCursor(cursor);
        const rows = await listRules(deps.db, { search, sort, limit: limit + 1, cursor: at });
        const { items, nextCursor } = page(rows, limit, ruleCursorOf);
        const shown = (await withMatches(deps.db, items)) as AdminRule[];
        return c.json({ items: shown, nextCursor }, 200);
      },
    )
    .get(
      "/admin/rules/:id",
      describe({
        tag,
        summary: "One rule",
        status: 200,
        body: ruleSchema,
        refusals: [401, 403, 404],
      }),
      async (c) => c.json(await oneRule(deps, pathId(c.req.param("id"), "rule")), 200),
    )
    .get(
      "/admin/rules/:id/versions",
      describe({
        tag,
        summary: "Everything a rule ever was, by whom and why, the newest first",
        description: "Also of a rule that is deleted: its last version says so.",
        status: 200,
        body: ruleVersionListSchema,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const items = await listRuleVersions(deps.db, pathId(c.req.param("id"), "rule"));
        if (!items) throw notFound("rule");
        return c.json({ items }, 200);
      },
    );
}

function writeRoutes(deps: Deps) {
  return new Hono<AppEnv>()
    .post(
      "/admin/rules",
      describe({
        tag,
        summary: "Add a rule",
        description: `Faults of selectors are told with their characters (\`at\`, \`end\`). ${asks}`,
        status: 201,
        body: ruleSchema,
        refusals: [400, 401, 403, 409, 413],
        meanings,
      }),
      jsonBody(ruleBody),
      async (c) => {
        // What JSON does not name is not there: no field of it is undefined.
        const id = await createRule(deps, c, c.req.valid("json") as NewRule);
        return c.json(await oneRule(deps, id), 201);
      },
    )
    .patch(
      "/admin/rules/:id",
      describe({
        tag,
        summary: "Change a rule; `when` and `then` are replaced as a whole",
        description: `With \`version\`, the one that was read, it is a 409 \`rule_changed\` where somebody was faster. ${asks}`,
        status: 200,
        body: ruleSchema,
        refusals: [400, 401, 403, 404, 409, 413],
        meanings,
      }),
      jsonBody(patchRuleBody),
      async (c) => {
        const id = pathId(c.req.param("id"), "rule");
        const { reason, version, confirm, ...fields } = c.req.valid("json");
        const patch = { fields, reason, version, confirm } as RulePatch;
        return c.json(await oneRule(deps, await changeRule(deps, c, id, patch)), 200);
      },
    )
    .delete(
      "/admin/rules/:id",
      describe({
        tag,
        summary: "Delete a rule; its versions stay, and it can be restored from them",
        description: asks,
        status: 204,
        refusals: [400, 401, 403, 404, 409],
        meanings,
      }),
      queryOf(removeRuleQuery),
      async (c) => {
        const id = pathId(c.req.param("id"), "rule");
        const { reason, confirm } = c.req.valid("query");
        const gone = await removeRule(deps, c, id, { reason, confirm: confirm === "true" });
        if (gone === undefined) throw notFound("rule");
        return c.body(null, 204);
      },
    )
    .post(
      "/admin/rules/:id/restore",
      describe({
        tag,
        summary: "Make a rule what it was in one of its versions, also one that is deleted",
        description: `What it is until then stays among its versions. ${asks}`,
        status: 200,
        body: ruleSchema,
        refusals: [400, 401, 403, 404, 409, 413],
        meanings,
      }),
      jsonBody(restoreRuleBody),
      async (c) => {
        const id = pathId(c.req.param("id"), "rule");
        const restored = await restoreRule(deps, c, id, c.req.valid("json"));
        return c.json(await oneRule(deps, restored), 200);
      },
    )
    .post(
      "/admin/rules/order",
      describe({
        tag,
        summary: "Put the rules into an order; all of them, the first to be asked first",
        description: `Priorities are changed where they have to be. ${asks}`,
        status: 200,
        body: listOf(ruleSchema),
        refusals: [400, 401, 403, 409, 413],
        meanings,
      }),
      jsonBody(orderRulesBody),
      async (c) => {
        const body = c.req.valid("json");
        await orderRules(deps, c, body);
        const limit = body.ids.length;
        const rows = await listRules(deps.db, {
          search: "",
          sort: "-priority",
          limit,
          cursor: null,
        });
        const items = (await withMatches(deps.db, rows)) as AdminRule[];
        return c.json({ items, nextCursor: null }, 200);
      },
    );
}

export function ruleRoutes(deps: Deps) {
  return new Hono<AppEnv>().route("/", readRoutes(deps)).route("/", writeRoutes(deps));
}
