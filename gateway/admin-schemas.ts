/** Shapes of the calls under `/api/admin`. The OpenAPI document and the pages' types come from here. */
import { z } from "zod";
import { states } from "../db/states.ts";
import {
  anyTime,
  id,
  line,
  listOf,
  noticeSchema,
  passwordSchema,
  placementSchema,
  queueSchema,
  roles,
  time,
  tokenSchema,
  usernameSchema,
} from "./schemas.ts";
import { sizeFields } from "./size-schemas.ts";
import { searchableQuery, startSortedQuery } from "./validation.ts";

export const adminUserSchema = z
  .object({
    id,
    username: z.string(),
    displayName: z.string(),
    email: z.string().nullable(),
    roles: z.array(z.enum(roles)),
    disabled: z.boolean(),
    uid: z.int(),
    createdAt: time,
    lastSignInAt: time.nullable(),
  })
  .meta({ ref: "AdminUser" });
export type AdminUser = z.infer<typeof adminUserSchema>;

export const createUserBody = z.object({
  username: usernameSchema,
  password: passwordSchema,
  displayName: line().trim().min(1).max(200).optional(),
  email: z.email("not an e-mail address").max(254).nullable().optional(),
  roles: z.array(z.enum(roles)).min(1, "at least one role"),
});
export const patchUserBody = z
  .object({
    disabled: z.boolean(),
    displayName: line().trim().min(1).max(200),
    email: z.email("not an e-mail address").max(254).nullable(),
    roles: z.array(z.enum(roles)).min(1, "at least one role"),
    password: passwordSchema,
  })
  .partial()
  .refine((body) => Object.keys(body).length > 0, "name at least one field to change");

export const code = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$/,
    "1 to 31 letters, digits, _ and -, a letter or digit first: a folder is named by it",
  );
export const uid = z
  .int("a whole number")
  .min(1000, "at least 1000: below are the system's")
  .max(2_000_000_000);
export const dataPath = z
  .string()
  .max(1000)
  .regex(/^\/[^\0]*$/, "an absolute path")
  .refine((path) => !/(^|\/)\.\.?(\/|$)/.test(path), "must not contain . or .. as a folder");
const noTwice = <T>(keyOf: (item: T) => string | undefined, what: string) =>
  z.check<T[]>((it) => {
    const seen = new Set<string>();
    for (const [index, item] of it.value.entries()) {
      const key = keyOf(item)?.toLowerCase();
      if (key === undefined) continue;
      if (seen.has(key))
        it.issues.push({
          code: "custom",
          path: [index],
          message: `the ${what} ${key} stands twice`,
          input: item,
        });
      seen.add(key);
    }
  });

const syncExperiment = z
  .object({
    code,
    beamline: code,
    title: line().trim().max(500).default(""),
    startsAt: anyTime,
    endsAt: anyTime,
    dataPath: dataPath.nullable().default(null),
    dataAccess: z.enum(["none", "read", "write"]).default("write"),
    gid: uid.nullable().default(null),
    members: z.array(usernameSchema).max(1000),
  })
  .refine((it) => Date.parse(it.startsAt) < Date.parse(it.endsAt), {
    path: ["endsAt"],
    message: "must be after startsAt",
  });

export const syncBody = z.object({
  dryRun: z.boolean().default(false),
  beamlines: z
    .array(z.object({ code, name: line().trim().min(1).max(200) }))
    .max(1000)
    .check(noTwice((it) => it.code, "beamline"))
    .default([]),
  people: z
    .array(
      z.object({
        username: usernameSchema,
        displayName: line().trim().min(1).max(200),
        email: z.email("not an e-mail address").max(254).nullable().default(null),
        uid: uid.nullable().default(null),
        gid: z
          .int("a whole number")
          .max(2_000_000_000)
          .refine(
            (it) => it === 100 || it >= 1000,
            "100, or at least 1000: others are the system's",
          )
          .nullable()
          .default(null),
      }),
    )
    .max(10_000)
    .check(
      noTwice((it) => it.username, "user name"),
      noTwice((it) => it.email ?? undefined, "e-mail address"),
      noTwice((it) => it.uid?.toString(), "uid"),
    )
    .default([]),
  experiments: z
    .array(syncExperiment)
    .max(1000)
    .check(
      noTwice((it) => it.code, "experiment"),
      noTwice((it) => it.gid?.toString(), "gid"),
    )
    .default([]),
});
const counts = z.object({ created: z.int(), updated: z.int(), unchanged: z.int() });
export const syncSchema = z
  .object({
    dryRun: z.boolean(),
    beamlines: counts,
    people: counts,
    experiments: counts,
    members: z.object({ added: z.int(), removed: z.int() }),
  })
  .meta({ ref: "SyncEffect" });

export const dataAccess = z.enum(["none", "read", "write"]);
const userNames = z.array(usernameSchema).max(1000, "at most 1000");
export const changes = (body: object): boolean => Object.keys(body).length > 0;
export const something = "name at least one field to change";

export const beamlineSchema = z
  .object({
    id,
    code: z.string(),
    name: z.string(),
    experiments: z.int(),
    staff: z.array(z.string()).meta({ description: "user names of who looks after it" }),
    createdAt: time,
  })
  .meta({ ref: "Beamline" });
const beamlineFields = { name: line().trim().min(1).max(200), staff: userNames };
export const beamlineBody = z.object({
  code,
  name: beamlineFields.name,
  staff: userNames.default([]),
});
export const patchBeamlineBody = z.object(beamlineFields).partial().refine(changes, something);

const experimentFields = {
  title: line().trim().max(500),
  startsAt: anyTime,
  endsAt: anyTime,
  dataPath: dataPath.nullable(),
  dataAccess,
  members: userNames,
};
const shownExperiment = z.object({
  id,
  code: z.string(),
  title: z.string(),
  beamline: z.object({ id, code: z.string(), name: z.string() }),
  startsAt: time,
  endsAt: time,
  running: z.boolean(),
  dataPath: z.string().nullable().meta({ description: "null: where the site's template says" }),
  dataAccess,
  memberCount: z.int(),
  createdAt: time,
});
export const experimentListQuery = startSortedQuery.extend({
  beamline: code.optional().meta({ description: "its code: only those of this beamline" }),
});
export const experimentListSchema = listOf(shownExperiment.meta({ ref: "ListedExperiment" }));
export const experimentSchema = shownExperiment
  .extend({
    members: z.array(
      z.object({ username: z.string(), displayName: z.string(), until: time.nullable() }),
    ),
  })
  .meta({ ref: "Experiment" });
export const experimentBody = syncExperiment;
export const patchExperimentBody = z
  .object(experimentFields)
  .partial()
  .refine(changes, something)
  .refine(
    ({ startsAt, endsAt }) =>
      startsAt === undefined || endsAt === undefined || Date.parse(startsAt) < Date.parse(endsAt),
    { path: ["endsAt"], message: "must be after startsAt" },
  );

export const groupSchema = z
  .object({
    id,
    name: z.string(),
    description: z.string(),
    gid: z.int().nullable(),
    members: z.array(z.string()),
    createdAt: time,
  })
  .meta({ ref: "Group" });
const groupFields = { description: line().trim().max(500), members: userNames };
export const groupBody = z.object({
  name: usernameSchema,
  gid: uid.nullable().default(null),
  description: groupFields.description.default(""),
  members: userNames.default([]),
});
export const patchGroupBody = z.object(groupFields).partial().refine(changes, something);

export const adminInstanceSchema = z
  .object({
    id,
    name: z.string(),
    state: z.enum(states),
    reason: z.object({ code: z.string(), text: z.string() }).nullable(),
    owner: z.object({ username: z.string(), displayName: z.string() }),
    environment: z.object({ slug: z.string(), name: z.string() }),
    version: z.string(),
    experiment: z.object({ code: z.string(), beamline: z.string() }).nullable(),
    node: z.string().nullable(),
    queue: queueSchema,
    createdAt: time,
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    lastActiveAt: time.nullable(),
    expiresAt: time.nullable(),
  })
  .meta({ ref: "AdminInstance" });
export const adminInstanceDetailSchema = adminInstanceSchema
  .extend({
    placement: placementSchema.meta({ description: "why it is where it is" }),
    notice: noticeSchema,
  })
  .meta({ ref: "AdminInstanceDetail" });
const nameFilter = (what: string) =>
  line()
    .max(300)
    .default("")
    .meta({ description: `${what}; a * at the end stands for any rest` });
export const instanceListQuery = searchableQuery.extend({
  state: z.enum(states).optional(),
  node: nameFilter("the node's id or name"),
  environment: nameFilter("the environment's slug"),
  owner: nameFilter("the owner's user name"),
});

const entitlementKinds = z.enum(["everyone", "beamline", "experiment", "group", "person"]);
export const adminEnvironmentSchema = z
  .object({
    id,
    slug: z.string(),
    name: z.string(),
    kind: z.enum(["desktop", "service"]),
    description: z.string(),
    enabled: z.boolean().meta({ description: "false: not in the catalogue" }),
    resources: z
      .object(sizeFields)
      .meta({ description: "what each instance takes of a node, where no rule says otherwise" }),
    versions: z.array(z.object({ tag: z.string(), digest: z.string(), createdAt: time })),
    entitlements: z.array(
      z.object({
        id,
        kind: entitlementKinds,
        subject: z.string().nullable().meta({ description: "its code or name; null: everyone" }),
        from: time.nullable(),
        until: time.nullable(),
      }),
    ),
    createdAt: time,
  })
  .meta({ ref: "AdminEnvironment" });
export const patchEnvironmentBody = z
  .object({
    name: line().trim().min(1).max(200),
    description: line().trim().max(1000),
    enabled: z.boolean(),
    resources: z.object(sizeFields).partial().refine(changes, something),
  })
  .partial()
  .refine(changes, something);
export const entitlementBody = z
  .object({
    kind: entitlementKinds,
    subject: line().trim().min(1).max(100).nullable().default(null),
    from: anyTime.nullable().default(null),
    until: anyTime.nullable().default(null),
  })
  .refine((it) => (it.kind === "everyone") === (it.subject === null), {
    path: ["subject"],
    message: "whom it is open to; none for everyone",
  })
  .refine((it) => !it.from || !it.until || Date.parse(it.from) < Date.parse(it.until), {
    path: ["until"],
    message: "must be after from",
  });

export const mayStartQuery = z.object({
  user: usernameSchema,
  environment: line().min(1).max(100),
  version: line().max(100).optional(),
  experiment: line().max(100).optional(),
});
export const mayStartSchema = z
  .object({
    allowed: z.boolean(),
    via: z
      .enum(["everyone", "person", "group", "experiment", "beamline", "staff", "station"])
      .nullable(),
    reason: z
      .enum([
        "person_disabled",
        "unknown_environment",
        "not_entitled",
        "unknown_version",
        "unknown_experiment",
        "not_a_member",
        "not_for_experiment",
        "experiment_needed",
      ])
      .nullable(),
    experiments: z
      .array(z.string())
      .meta({ description: "codes of those for which they could start it" }),
    entitlements: z.array(
      z.object({
        kind: entitlementKinds,
        subject: z.string().nullable(),
        from: time.nullable(),
        until: time.nullable(),
        effect: z.enum(["opens", "not_yet", "ended", "for_others"]),
      }),
    ),
  })
  .meta({ ref: "MayStart" });

export const auditSchema = z
  .object({
    id: z.string(),
    at: time,
    actor: z.string().nullable().meta({ description: "a user name; null: nobody who is known" }),
    action: z.string(),
    outcome: z.enum(["allowed", "refused"]),
    subjectKind: z.string().nullable(),
    subjectId: z.string().nullable(),
    subject: z.string().nullable().meta({ description: "its name, where it still has one" }),
    address: z.string().nullable(),
    requestId: z.string().nullable(),
    signInId: z.string().nullable().meta({ description: "the sign-in or token it was done by" }),
    detail: z.record(z.string(), z.unknown()).nullable(),
  })
  .meta({ ref: "AuditRecord" });

export const adminTokenSchema = tokenSchema
  .extend({ owner: z.object({ id, username: z.string(), displayName: z.string() }) })
  .meta({ ref: "AnybodysToken" });
export type AdminToken = z.infer<typeof adminTokenSchema>;

export const auditFilterQuery = searchableQuery.extend({
  action: z
    .string()
    .regex(/^[a-z_.]{1,60}\*?$/, "an action, e.g. instance.start, or instance.*")
    .optional(),
  actor: usernameSchema.optional(),
  outcome: z.enum(["allowed", "refused"]).optional(),
  subjectId: line().max(200).optional(),
  from: anyTime.optional(),
  until: anyTime.optional(),
});
