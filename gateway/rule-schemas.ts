/** Shapes of rules and of their versions. */
import { z } from "zod";
import { code, something } from "./admin-schemas.ts";
import { changesBeside, inOrder, order, reason, selector, slug } from "./scheduling-parts.ts";
import { anyTime, id, line, roles, time, usernameSchema } from "./schemas.ts";
import { sizeFields } from "./size-schemas.ts";
import { searchableQuery } from "./validation.ts";

const names = (one: z.ZodType<string>) =>
  z.union([one, z.array(one).min(1, "at least one").max(200, "at most 200")]);
export const ruleWhen = z
  .strictObject({
    environment: names(slug),
    kind: z.enum(["desktop", "service"]),
    beamline: names(code),
    experiment: names(code),
    user: names(usernameSchema),
    role: names(z.enum(roles)),
    from: anyTime,
    until: anyTime,
  })
  .partial()
  .refine(inOrder, order);

const few = z.int("a whole number").min(1, "at least 1").max(1_000_000);
export const ruleThen = z
  .strictObject({
    require: selector,
    prefer: z
      .array(z.strictObject({ selector, weight: z.number().min(-100).max(100) }))
      .max(50, "at most 50"),
    strategy: z.enum(["pack", "spread"]),
    resources: z.strictObject(sizeFields).partial(),
    limits: z
      .strictObject({ perPerson: few, perExperiment: few, perBeamline: few, total: few })
      .partial()
      .meta({ description: "how many instances that the rule matches may live at once" }),
    lifetime: z.strictObject({ maxMinutes: z.int("whole minutes").min(5).max(525_600) }),
    dedicate: z
      .boolean()
      .meta({ description: "during the experiment's beamtime a node for it alone" }),
    priority: z
      .int("a whole number")
      .min(-1000)
      .max(1000)
      .meta({ description: "in the queue: the higher, the earlier" }),
  })
  .partial();

export const ruleFields = {
  name: line().trim().min(1, "required").max(100, "at most 100 characters"),
  priority: z.int("a whole number").min(-1_000_000).max(1_000_000),
  enabled: z.boolean(),
  when: ruleWhen,
  then: ruleThen,
};
const confirm = z.boolean().meta({
  description:
    "it is meant, though no node could take what it matches: else that is a 409 locks_out",
});

export const ruleSchema = z
  .object({
    id,
    ...ruleFields,
    version: z.int(),
    matchedLastWeek: z.int().meta({ description: "starts of the last 7 days that it matches" }),
    createdAt: time,
    updatedAt: time,
    updatedBy: z.string().nullable(),
  })
  .meta({ ref: "Rule" });
export type AdminRule = z.infer<typeof ruleSchema>;
export const ruleListQuery = searchableQuery.extend({
  // A name may be long.
  cursor: z.string().max(1300).optional(),
  sort: z.enum(["priority", "-priority", "name", "-name"]).default("-priority"),
});

export const ruleBody = z.object({
  name: ruleFields.name,
  priority: ruleFields.priority.default(0),
  enabled: z.boolean().default(true),
  when: ruleWhen.default({}),
  then: ruleThen.default({}),
  reason: reason.default(""),
  confirm: confirm.optional(),
});
export const patchRuleBody = z
  .object(ruleFields)
  .partial()
  .extend({
    reason: reason.optional(),
    confirm: confirm.optional(),
    version: z.int().optional().meta({
      description: "the one that was read: 409 where somebody has changed the rule since",
    }),
  })
  .refine((body) => changesBeside(body, ["reason", "confirm", "version"]), something);

const ruleVersionSchema = z
  .object({
    version: z.int(),
    ...ruleFields,
    deleted: z.boolean(),
    author: z.string(),
    reason: z.string(),
    at: time,
  })
  .meta({ ref: "RuleVersion" });
export const ruleVersionListSchema = z.object({ items: z.array(ruleVersionSchema) });
export const restoreRuleBody = z.object({
  version: z.int(),
  reason: reason.default(""),
  confirm: confirm.optional(),
});
export const removeRuleQuery = z.object({
  reason: reason.default(""),
  confirm: z.enum(["true", "false"]).default("false").meta({
    description: "true: it is meant, though by another rule somebody could start nothing any more",
  }),
});
export const orderRulesBody = z.object({
  ids: z
    .array(id)
    .min(1)
    .max(1000)
    .meta({ description: "every rule, the first to be asked first" })
    .refine((ids) => new Set(ids).size === ids.length, "each rule once"),
  reason: reason.default(""),
  confirm: confirm.optional(),
});
