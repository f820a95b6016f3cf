/** Shapes of what a change of the rules would do. */
import { z } from "zod";
import { code } from "./admin-schemas.ts";
import { slug } from "./scheduling-parts.ts";
import { ruleFields } from "./rule-schemas.ts";
import { id, problemSchema, time, usernameSchema } from "./schemas.ts";

const draftRule = z.object({ id: id.optional(), ...ruleFields });
export const previewBody = z.object({
  draft: draftRule.optional().meta({
    description: "one rule as it would be; with the id of one there is it takes its place",
  }),
  remove: id.optional().meta({ description: "a rule that would go" }),
  order: z.array(id).optional().meta({ description: "the order in which rules would be asked" }),
  days: z.int().min(0).max(31).default(7).meta({ description: "of past requests to look at" }),
  request: z
    .object({
      environment: slug,
      user: usernameSchema,
      experiment: code.optional(),
    })
    .optional()
    .meta({ description: "one request to be judged with every node's explanation" }),
});

/** What becomes of one request under one set of rules. */
export const outcomeSchema = z.object({
  kind: z.enum(["placed", "waits", "refused"]),
  node: z.string().nullable(),
  waitMs: z.number().nullable().meta({ description: "until it is placed; null: it is not" }),
  code: z.string().nullable(),
  text: z.string().nullable(),
  rules: z.array(z.string()).meta({ description: "names of the rules that match it, in order" }),
});
export const previewedSchema = z.object({
  id: z.string(),
  environment: z.string(),
  user: z.string(),
  experiment: z.string().nullable(),
  queuedAt: time,
  before: outcomeSchema,
  after: outcomeSchema,
  change: z.enum(["same", "moves", "sooner", "later", "refused", "admitted"]),
});
export type Previewed = z.infer<typeof previewedSchema>;

export const warningSchema = z.object({
  code: z.enum([
    "contradiction",
    "locks_out",
    "matches_no_node",
    "never_matches",
    "shadowed",
    "limit_reached",
    "takes_nodes",
  ]),
  rule: z.string().nullable().meta({ description: "the name of the rule it is about" }),
  path: z.string().meta({ description: "e.g. then.require" }),
  text: z.string(),
});
export type RuleWarning = z.infer<typeof warningSchema>;

/** Of a change of rules that is refused, or has to be confirmed. */
export const ruleProblemSchema = problemSchema
  .extend({
    warnings: z
      .array(warningSchema)
      .optional()
      .meta({ description: "of `locks_out`: who could start nothing any more, and why" }),
    version: z
      .int()
      .optional()
      .meta({ description: "of `rule_changed`: the one that the rule has now" }),
  })
  .meta({ ref: "RuleProblem" });

export const whatIfNodeSchema = z.object({
  node: z.string(),
  /** The filter that refuses it; null: it fits. */
  refusedBy: z.string().nullable(),
  text: z.string(),
  score: z.number().nullable(),
  lines: z.array(z.object({ rule: z.string(), points: z.number() })),
});
const whatIfSide = z.object({ outcome: outcomeSchema, nodes: z.array(whatIfNodeSchema) });
export const previewSchema = z
  .object({
    warnings: z.array(warningSchema),
    summary: z.object({
      considered: z.int(),
      same: z.int(),
      moves: z.int(),
      sooner: z.int(),
      later: z.int(),
      refused: z.int(),
      admitted: z.int(),
    }),
    looked: z.object({ queued: z.int(), past: z.int(), pastInAll: z.int() }).meta({
      description:
        "how many were looked at, and how many past ones there were: the newest 2000 count",
    }),
    queued: z
      .array(previewedSchema)
      .meta({ description: "every request that waits now, at most 2000, as they would be served" }),
    past: z
      .array(previewedSchema)
      .meta({ description: "of the last days' requests those that differ, at most 200" }),
    whatIf: z.object({ before: whatIfSide, after: whatIfSide }).nullable(),
  })
  .meta({ ref: "RulePreview" });
export type RulePreview = z.infer<typeof previewSchema>;
