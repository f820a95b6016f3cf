/** Shapes of the HTTP API. The OpenAPI document and the UI's types come from here. */
import { z } from "zod";
import { desires, states } from "../db/states.ts";

export const id = z.uuid().meta({ description: "lower-case UUID" });
export const time = z.iso.datetime().meta({ description: "ISO 8601, UTC" });

/** Any offset is fine; what is answered is in UTC. */
export const anyTime = z.iso.datetime({
  offset: true,
  error: "a time as in ISO 8601, with its offset",
});

/**
 * Text that people type: no control characters, NUL above all, which no database text can hold, and no
 * half of a surrogate pair, which would be stored as something else.
 */
export const line = () =>
  z.string().regex(/^[^\p{Cc}\p{Cs}]*$/u, "must not contain control or broken characters");

export const roles = ["user", "staff", "admin", "monitor"] as const;
export type Role = (typeof roles)[number];

/** Of whoever calls: a station's account has its own one, and never another. */
export const callerRoles = [...roles, "station"] as const;
export type CallerRole = (typeof callerRoles)[number];

/** What a personal access token may be used for; never more than its person may do. */
export const scopes = ["read", "desktops", "sync", "admin", "monitor"] as const;
export type Scope = (typeof scopes)[number];

/** RFC 9457. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    requestId: z.string(),
    errors: z
      .array(
        z.object({
          path: z.string(),
          message: z.string(),
          at: z.int().optional().meta({
            description: "of a text: where the fault begins, in characters (UTF-16 units) from 0",
          }),
          end: z.int().optional().meta({ description: "behind its last character" }),
        }),
      )
      .optional(),
  })
  .meta({ ref: "Problem" });
export type Problem = z.infer<typeof problemSchema>;

export const meSchema = z
  .object({
    id,
    username: z.string(),
    displayName: z.string(),
    email: z.string().nullable(),
    roles: z.array(z.enum(callerRoles)),
    createdAt: time,
  })
  .meta({ ref: "Me" });
export type Me = z.infer<typeof meSchema>;
export const signedOutSchema = z
  .object({
    continueAt: z.url().meta({ description: "where the browser signs out at the provider too" }),
  })
  .meta({ ref: "SignedOut" });
export type SignedOut = z.infer<typeof signedOutSchema>;

/**
 * A Linux user name as well as a sign-in name: it becomes a home folder and a passwd entry, so the
 * grammar is that of Debian's adduser.
 */
export const usernameSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9_-]{0,30}$/,
    "1 to 31 characters: a lower-case letter first, then lower-case letters, digits, _ and -",
  );
export const passwordSchema = z
  .string()
  .min(10, "at least 10 characters")
  .max(200, "at most 200 characters")
  // Half a surrogate pair would be hashed as what replaces it, and so would each other half.
  .regex(/^\P{Cs}*$/u, "no broken characters");

export const loginBody = z.object({
  username: line().min(1, "required").max(200, "at most 200 characters"),
  password: z.string().min(1, "required").max(1000, "at most 1000 characters"),
});

export const environmentSchema = z
  .object({
    slug: z.string(),
    name: z.string(),
    kind: z.enum(["desktop", "service"]),
    description: z.string(),
    versions: z.array(z.object({ tag: z.string(), digest: z.string() })).meta({
      description: "newest first; the first one is what starts where none is named",
    }),
    experiments: z.array(z.string()).meta({
      description:
        "codes of the caller's experiments that open it, newest first; it starts with the data of the one that is named",
    }),
    needsExperiment: z.boolean().meta({ description: "it is started for an experiment only" }),
  })
  .meta({ ref: "Environment" });
export type Environment = z.infer<typeof environmentSchema>;

export const ownExperimentSchema = z
  .object({
    id,
    code: z.string(),
    title: z.string(),
    beamline: z.object({ code: z.string(), name: z.string() }),
    startsAt: time,
    endsAt: time,
    running: z.boolean().meta({ description: "it has begun and not ended" }),
    environments: z.array(z.string()).meta({
      description: "slugs of what it opens to the caller; what is open without it comes on top",
    }),
  })
  .meta({ ref: "OwnExperiment" });

export const phases = ["queued", "placed", "container", "desktop", "panel"] as const;
export type Phase = (typeof phases)[number];

export const placementSchema = z
  .object({
    node: z.string(),
    strategy: z.string(),
    at: time,
    rules: z
      .array(z.string())
      .optional()
      .meta({ description: "the rules that matched, in the order in which they were asked" }),
    gpus: z
      .array(z.object({ uuid: z.string(), memoryBytes: z.number() }))
      .optional()
      .meta({ description: "what it has of the node's GPUs" }),
    filtered: z.record(z.string(), z.int()).meta({ description: "nodes refused, per filter" }),
    best: z.array(
      z.object({
        node: z.string(),
        score: z.number(),
        lines: z.array(z.object({ rule: z.string(), points: z.number() })),
      }),
    ),
  })
  .nullable();
export const queueSchema = z
  .object({
    position: z.int(),
    estimate: time.nullable().meta({ description: "when a place is expected" }),
    basis: z.enum(["limit", "usual"]).nullable().meta({
      description:
        "what the estimate rests on: limits of what runs, or how long its like usually lasts",
    }),
  })
  .nullable();

export const noticeSchema = z
  .object({ code: z.string(), text: z.string(), at: time })
  .nullable()
  .meta({ description: "what its people are asked, e.g. to move off a node that is drained" });

export const instanceSchema = z
  .object({
    id,
    name: z.string(),
    kind: z.enum(["desktop", "service"]),
    environment: z.string().meta({ description: "the environment's slug" }),
    environmentName: z.string(),
    version: z.string(),
    digest: z.string(),
    owner: z.string(),
    experiment: z.string().nullable(),
    station: z
      .string()
      .nullable()
      .meta({ description: "the one on which it was started, while that one may reach it" }),
    state: z.enum(states),
    desired: z.enum(desires),
    reason: z.object({ code: z.string(), text: z.string() }).nullable(),
    node: z.object({ id, name: z.string() }).nullable(),
    placement: placementSchema,
    timeline: z
      .array(
        z.object({
          phase: z.enum(phases),
          at: time.nullable().meta({ description: "null: not reached yet" }),
          usualMs: z.number().nullable().meta({
            description: "median from queued to this phase in recent starts of the environment",
          }),
        }),
      )
      .meta({
        description:
          "of the newest incarnation: wish accepted, node chosen, container started, desktop answers, panel on screen",
      }),
    queue: queueSchema,
    notice: noticeSchema,
    createdAt: time,
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    lastActiveAt: time.nullable(),
    expiresAt: time.nullable(),
  })
  .meta({ ref: "Instance" });
export type Instance = z.infer<typeof instanceSchema>;

const screenSide = z.int("whole pixels").min(200, "at least 200").max(8192, "at most 8192");

export const startBody = z.object({
  environment: line().min(1, "required").max(100, "at most 100 characters"),
  version: line().max(100, "at most 100 characters").optional(),
  experiment: line().max(100, "at most 100 characters").optional(),
  name: line().trim().min(1, "must not be empty").max(100, "at most 100 characters").optional(),
  screen: z
    .object({ width: screenSide, height: screenSide })
    .optional()
    .meta({ description: "the size of the first picture; the viewer's, to spare it a resize" }),
});

export const ticketBody = z.object({ permission: z.enum(["control", "view"]) });
export const ticketSchema = z
  .object({
    ticket: z.string(),
    url: z.string().meta({ description: "absolute ws: or wss: address, without any secret" }),
    protocols: z.array(z.string()).meta({ description: "subprotocols to offer, in order" }),
    expiresAt: time,
  })
  .meta({ ref: "Ticket" });
export type Ticket = z.infer<typeof ticketSchema>;

export const ownSignInSchema = z
  .object({
    id,
    current: z.boolean().meta({ description: "the one that this request came with" }),
    address: z.string().nullable(),
    userAgent: z.string().nullable().meta({ description: "as the browser named itself" }),
    createdAt: time,
    lastSeenAt: time.meta({ description: "exact to a minute" }),
    expiresAt: time,
  })
  .meta({ ref: "SignIn" });
export type OwnSignIn = z.infer<typeof ownSignInSchema>;

export const homeSchema = z
  .object({
    path: z.string().meta({ description: "inside every desktop" }),
    room: z
      .object({
        totalBytes: z.int(),
        freeBytes: z.int(),
        own: z.boolean().meta({
          description: "the room is this person's alone, e.g. by a quota; else it is shared",
        }),
        seenAt: time,
      })
      .nullable(),
  })
  .meta({ ref: "Home" });
export type Home = z.infer<typeof homeSchema>;

export const tokenSchema = z
  .object({
    id,
    name: z.string(),
    scopes: z.array(z.enum(scopes)),
    createdAt: time,
    lastUsedAt: time.nullable().meta({ description: "exact to a minute; null: never" }),
    expiresAt: time,
  })
  .meta({ ref: "AccessToken" });
export type AccessToken = z.infer<typeof tokenSchema>;

/** Answered once, when it is made: nothing but its hash is kept. */
export const newTokenSchema = tokenSchema.extend({ token: z.string() }).meta({ ref: "NewToken" });
export type NewToken = z.infer<typeof newTokenSchema>;

export const tokenBody = z.object({
  name: line().trim().min(1, "required").max(100, "at most 100 characters"),
  scopes: z.array(z.enum(scopes)).min(1, "at least one scope"),
  expiresAt: anyTime
    .optional()
    .meta({ description: "at most 366 days ahead; default: in 90 days" }),
});

/** `GET` lists: `{items, nextCursor}`. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}
