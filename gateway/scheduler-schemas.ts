/** Shapes of rules, previews, nodes' details, reservations and use over time. */
import { z } from "zod";
import { changes, code, something } from "./admin-schemas.ts";
import {
  anyTime,
  id,
  line,
  listOf,
  problemSchema,
  roles,
  time,
  usernameSchema,
} from "./schemas.ts";
import { sizeFields } from "./size-schemas.ts";
import { searchableQuery } from "./validation.ts";

/** Of what is no time nothing more is said. */
const inOrder = (it: { from?: string | undefined; until?: string | undefined }) =>
  !(Date.parse(it.from ?? "") >= Date.parse(it.until ?? ""));
const order = { path: ["until"], message: "must be after from" };

const names = (one: z.ZodType<string>) =>
  z.union([one, z.array(one).min(1, "at least one").max(200, "at most 200")]);
const slug = line().min(1).max(63);
/** Parsed by `scheduler/selector.ts`, whose faults name the character. */
export const selector = line().max(2000, "at most 2000 characters");

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

/** Why something is changed is no change. */
const changesBeside = (body: object, others: readonly string[]): boolean =>
  Object.keys(body).some((key) => !others.includes(key));

const ruleFields = {
  name: line().trim().min(1, "required").max(100, "at most 100 characters"),
  priority: z.int("a whole number").min(-1_000_000).max(1_000_000),
  enabled: z.boolean(),
  when: ruleWhen,
  then: ruleThen,
};
const reason = line().trim().max(500, "at most 500 characters");
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
export const removeRuleQuery = z.object({ reason: reason.default("") });
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

// Preview -----------------------------------------------------------------------------------------

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

// Nodes -------------------------------------------------------------------------------------------

/** The grammar of Kubernetes' labels. */
export const labelKey = z
  .string()
  .max(317)
  .regex(
    /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
    "a label's name: at most 63 letters, digits, _, . and -, a letter or digit first and last, perhaps behind a domain and /",
  );
export const labelValue = z
  .string()
  .regex(
    /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/,
    "a label's value: at most 63 letters, digits, _, . and -, a letter or digit first and last",
  );
export const labelsBody = z
  .record(labelKey, labelValue)
  .refine((it) => Object.keys(it).length <= 100, "at most 100 labels");

export const patchNodeBody = z
  .object({
    schedulable: z.boolean(),
    draining: z.boolean().meta({
      description: "nothing new comes here, and whoever is here is asked to go elsewhere",
    }),
    labels: labelsBody.meta({
      description: "an administrator's labels, all of them; they come before what the node reports",
    }),
    gpuSlots: z
      .record(z.string().max(130), z.int().min(1).max(64).nullable())
      .meta({ description: "by a GPU's UUID how many may share it; null: as the node says" }),
    reason: reason.meta({ description: "why; shown to whoever asks why nothing is placed here" }),
  })
  .partial()
  .refine((body) => changesBeside(body, ["reason"]), something);

export const nodeGpuSchema = z.object({
  uuid: z.string(),
  model: z.string(),
  memoryBytes: z.number(),
  slots: z.int(),
  setSlots: z.int().nullable(),
  present: z.boolean(),
  allocated: z.object({ slots: z.int(), memoryBytes: z.number() }),
  instances: z.array(
    z.object({ id, name: z.string(), owner: z.string(), memoryBytes: z.number() }),
  ),
});

export const adminNodeSchema = z
  .object({
    id,
    name: z.string(),
    state: z.enum(["ready", "not_ready", "unschedulable", "draining", "lost"]),
    reason: z.object({ code: z.string(), text: z.string() }).nullable().meta({
      description:
        "why it is in this state; of one that is ready what is wrong all the same, e.g. its clock",
    }),
    schedulable: z.boolean(),
    draining: z.boolean(),
    hold: z
      .object({ by: z.string().nullable(), reason: z.string().nullable(), at: time })
      .nullable()
      .meta({ description: "who keeps new instances away, why and since when" }),
    labels: z.record(z.string(), z.string()),
    setLabels: z
      .record(z.string(), z.string())
      .meta({ description: "those that an administrator set" }),
    capacity: z.object({
      cpus: z.number(),
      memoryBytes: z.number(),
      gpus: z.int(),
      gpuMemoryBytes: z.number(),
    }),
    allocated: z.object({
      cpus: z.number(),
      memoryBytes: z.number(),
      gpus: z.int().meta({ description: "GPUs of which at least a part is taken" }),
      gpuMemoryBytes: z.number(),
      instances: z.int(),
    }),
    people: z.int().meta({ description: "how many people have instances here" }),
    dedicatedTo: z.object({ experiment: z.string(), until: time }).nullable(),
    images: z.object({ present: z.int(), wanted: z.int(), pulling: z.int(), failed: z.int() }),
    disk: z.object({ totalBytes: z.number(), freeBytes: z.number() }).nullable(),
    clockSkewMs: z.number().nullable().meta({ description: "how far its clock is ahead" }),
    lastSeenAt: time.nullable(),
    createdAt: time,
  })
  .meta({ ref: "Node" });
export type AdminNode = z.infer<typeof adminNodeSchema>;

export const nodeDetailSchema = adminNodeSchema
  .extend({
    gpus: z.array(nodeGpuSchema),
    instances: z.array(
      z.object({
        id,
        name: z.string(),
        state: z.string(),
        owner: z.string(),
        environment: z.string(),
        experiment: z.string().nullable(),
        cpus: z.number(),
        memoryBytes: z.number(),
        gpus: z.array(z.object({ uuid: z.string(), memoryBytes: z.number() })),
        placedAt: time,
      }),
    ),
    imageList: z.array(
      z.object({
        environment: z.string(),
        version: z.string(),
        state: z.enum(["absent", "pulling", "present", "failed"]),
        wanted: z.boolean(),
        because: z.string().nullable(),
        doneBytes: z.number().nullable(),
        totalBytes: z.number().nullable(),
        sizeBytes: z.number().nullable(),
        reason: z.object({ code: z.string(), text: z.string() }).nullable(),
        changedAt: time,
      }),
    ),
    events: z
      .array(
        z.object({
          at: time,
          kind: z.enum(["instance", "change"]),
          actor: z.string().nullable(),
          text: z.string().meta({ description: "e.g. an action of the audit trail, or a state" }),
          reason: z.string().nullable(),
          instance: z.object({ id, name: z.string() }).nullable(),
        }),
      )
      .meta({ description: "the last 50, the newest first" }),
  })
  .meta({ ref: "NodeDetail" });
export type NodeDetail = z.infer<typeof nodeDetailSchema>;

/** For completion in selectors. */
export const labelListSchema = z
  .object({
    items: z.array(z.object({ key: z.string(), values: z.array(z.string()), nodes: z.int() })),
  })
  .meta({ ref: "NodeLabels" });

// Use over time -----------------------------------------------------------------------------------

export const useQuery = z.object({
  by: z.enum(["node", "gpu", "beamline"]).default("node"),
  from: anyTime.optional().meta({ description: "default: a day ago" }),
  until: anyTime.optional().meta({ description: "default: now" }),
  node: id.optional(),
});
export const useSchema = z
  .object({
    from: time,
    until: time,
    stepMs: z.int(),
    /** Of each step's middle, what was held by placements then. */
    series: z.array(
      z.object({
        key: z.string(),
        name: z.string(),
        capacity: z
          .object({ cpus: z.number(), memoryBytes: z.number(), gpuMemoryBytes: z.number() })
          .nullable(),
        cpus: z.array(z.number()),
        memoryBytes: z.array(z.number()),
        gpuMemoryBytes: z.array(z.number()),
        instances: z.array(z.int()),
      }),
    ),
    omitted: z.int().meta({ description: "how many series there are beside the 200 most used" }),
  })
  .meta({ ref: "Use" });
export type Use = z.infer<typeof useSchema>;

// What there is room for ---------------------------------------------------------------------------

export const availabilityQuery = z.object({
  version: line().max(100).optional(),
  experiment: line().max(100).optional(),
});
export const availabilitySchema = z
  .object({
    fits: z.enum(["now", "later", "never", "unknown"]),
    at: time.nullable().meta({ description: "when a place is expected, where it is later" }),
    basis: z.enum(["limit", "usual", "reservation"]).nullable().meta({
      description:
        "what that rests on: limits of what runs, how long its like usually lasts, or a reservation for the caller",
    }),
    code: z.string().nullable().meta({ description: "why not now, as a reason's code" }),
    text: z.string(),
  })
  .meta({ ref: "Availability" });
export type Availability = z.infer<typeof availabilitySchema>;

// Reservations ------------------------------------------------------------------------------------

export const reservationSchema = z
  .object({
    id,
    title: z.string(),
    kind: z.enum(["experiment", "group", "beamline"]),
    subject: z
      .string()
      .meta({ description: "the code of the experiment or beamline, or the group's name" }),
    from: time,
    until: time,
    seats: z.int(),
    seatsTaken: z.int(),
    ...sizeFields,
    selector: z.string(),
    createdBy: z.string(),
    createdAt: time,
    cancelledAt: time.nullable(),
  })
  .meta({ ref: "Reservation" });
export type AdminReservation = z.infer<typeof reservationSchema>;
export const reservationDetailSchema = reservationSchema
  .extend({
    nodes: z.int().meta({ description: "how many nodes its selector admits" }),
    missing: z.int().meta({
      description:
        "seats, of it and of those that it overlaps with, for which there is no room when there is least",
    }),
    overlaps: z
      .array(
        z.object({
          id: id.nullable(),
          title: z.string().nullable(),
          from: time,
          until: time,
          seats: z.int(),
        }),
      )
      .meta({
        description:
          "for a part of the same time, on some of the same nodes; without id and title where it is not the caller's",
      }),
  })
  .meta({ ref: "ReservationDetail" });
export type ReservationDetail = z.infer<typeof reservationDetailSchema>;
const reservationFields = {
  title: line().trim().min(1, "required").max(200, "at most 200 characters"),
  from: anyTime,
  until: anyTime,
  seats: z.int("a whole number").min(1, "at least 1").max(10_000),
  ...sizeFields,
  selector,
};
export const reservationBody = z
  .object({
    kind: z.enum(["experiment", "group", "beamline"]),
    subject: line().min(1, "required").max(100),
    ...reservationFields,
    gpus: sizeFields.gpus.default(0),
    gpuMemoryBytes: sizeFields.gpuMemoryBytes.default(null),
    selector: selector.default(""),
  })
  .refine(inOrder, order);
export const patchReservationBody = z
  .object(reservationFields)
  .partial()
  .refine(changes, something)
  .refine(inOrder, order);
export const reservationProblemSchema = problemSchema
  .extend({
    seats: z.int().optional(),
    couldHold: z.int().optional().meta({
      description: "of `reservation_too_large`: how many seats the nodes could ever hold",
    }),
    nodes: z.int().optional().meta({ description: "how many nodes its selector admits" }),
  })
  .meta({ ref: "ReservationProblem" });
export const reservationListQuery = searchableQuery.extend({
  from: anyTime.optional().meta({ description: "those that are not over then; default: now" }),
  until: anyTime.optional().meta({ description: "those that begin before" }),
  cancelled: z
    .enum(["true", "false"])
    .default("false")
    .meta({ description: "true: those that were called off as well" }),
});
export const reservationListSchema = listOf(reservationSchema);
