/** Tables as the migrations make them; a test compares the two. */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  customType,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  real,
  text,
  timestamp,
  unique,
  uuid,
} from "drizzle-orm/pg-core";
import type { Desire, State } from "./states.ts";

const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => "bytea",
});
const xid8 = customType<{ data: string; driverData: string }>({ dataType: () => "xid8" });
const name = customType<{ data: string; driverData: string }>({ dataType: () => "name" });
const at = (column: string) => timestamp(column, { withTimezone: true, mode: "date" });
const count = (column: string) => bigint(column, { mode: "number" });
const identity = () => count("id").generatedAlwaysAsIdentity();

export const installation = pgTable("installation", {
  singleton: boolean("singleton").primaryKey().default(true),
  id: uuid("id").notNull().defaultRandom(),
  createdAt: at("created_at").notNull().defaultNow(),
});

export const users = pgTable("users", {
  id: uuid("id").primaryKey().defaultRandom(),
  username: text("username").notNull().unique(),
  displayName: text("display_name").notNull(),
  email: text("email").unique(),
  passwordHash: text("password_hash"),
  roles: text("roles").array().notNull().default(["user"]),
  uid: integer("uid")
    .notNull()
    .unique()
    .default(sql`allot_uid()`),
  gid: integer("gid"),
  kind: text("kind").$type<"person" | "station">().notNull().default("person"),
  disabledAt: at("disabled_at"),
  createdAt: at("created_at").notNull().defaultNow(),
  lastSignInAt: at("last_sign_in_at"),
});

/** Numbers that stand for a person or a group. */
export const posixIds = pgTable("posix_ids", { id: integer("id").primaryKey() });

export const homes = pgTable("homes", {
  userId: uuid("user_id").primaryKey(),
  totalBytes: count("total_bytes").notNull(),
  freeBytes: count("free_bytes").notNull(),
  own: boolean("own").notNull(),
  seenAt: at("seen_at").notNull().defaultNow(),
});

export const signIns = pgTable("sign_ins", {
  id: uuid("id").primaryKey().defaultRandom(),
  userId: uuid("user_id").notNull(),
  tokenHash: bytea("token_hash").notNull().unique(),
  createdAt: at("created_at").notNull().defaultNow(),
  lastSeenAt: at("last_seen_at").notNull().defaultNow(),
  expiresAt: at("expires_at").notNull(),
  revokedAt: at("revoked_at"),
  address: text("address"),
  userAgent: text("user_agent"),
  kind: text("kind").$type<"browser" | "token">().notNull().default("browser"),
  name: text("name"),
  scopes: text("scopes").array().notNull().default([]),
  providerId: uuid("provider_id"),
  providerSubject: text("provider_subject"),
  providerSid: text("provider_sid"),
  sealedIdToken: bytea("sealed_id_token"),
});

export const signInFailures = pgTable("sign_in_failures", {
  bucket: text("bucket").primaryKey(),
  failures: integer("failures").notNull(),
  windowStartedAt: at("window_started_at").notNull().defaultNow(),
  blockedUntil: at("blocked_until"),
  auditId: count("audit_id"),
});

export const environments = pgTable("environments", {
  id: uuid("id").primaryKey().defaultRandom(),
  slug: text("slug").notNull().unique(),
  name: text("name").notNull(),
  kind: text("kind").$type<"desktop" | "service">().notNull(),
  description: text("description").notNull().default(""),
  cpus: real("cpus").notNull().default(1),
  memoryBytes: count("memory_bytes").notNull().default(4294967296),
  cpuLimit: real("cpu_limit"),
  memoryLimitBytes: count("memory_limit_bytes"),
  gpus: integer("gpus").notNull().default(0),
  /** Of each GPU; null: the whole of it. */
  gpuMemoryBytes: count("gpu_memory_bytes"),
  enabled: boolean("enabled").notNull().default(true),
  createdAt: at("created_at").notNull().defaultNow(),
});

export const versions = pgTable(
  "versions",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    environmentId: uuid("environment_id").notNull(),
    tag: text("tag").notNull(),
    image: text("image").notNull(),
    digest: text("digest").notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
  },
  (it) => [unique().on(it.environmentId, it.tag)],
);

export const beamlines = pgTable("beamlines", {
  id: uuid("id").primaryKey().defaultRandom(),
  code: text("code").notNull(),
  name: text("name").notNull(),
  stationEnding: text("station_ending").$type<"end" | "owner">().notNull().default("end"),
  createdAt: at("created_at").notNull().defaultNow(),
});

export const stations = pgTable("stations", {
  id: uuid("id").primaryKey().defaultRandom(),
  beamlineId: uuid("beamline_id"),
  name: text("name").notNull(),
  userId: uuid("user_id").notNull().unique(),
  codeHash: bytea("code_hash").unique(),
  codeExpiresAt: at("code_expires_at"),
  createdBy: uuid("created_by"),
  createdAt: at("created_at").notNull().defaultNow(),
  enrolledAt: at("enrolled_at"),
  revokedAt: at("revoked_at"),
});

export const approvals = pgTable("approvals", {
  id: uuid("id").primaryKey().defaultRandom(),
  stationId: uuid("station_id").notNull(),
  signInId: uuid("sign_in_id").notNull(),
  codeHash: bytea("code_hash").notNull().unique(),
  environmentId: uuid("environment_id").notNull(),
  versionId: uuid("version_id").notNull(),
  experimentId: uuid("experiment_id").notNull(),
  name: text("name"),
  geometry: text("geometry"),
  createdAt: at("created_at").notNull().defaultNow(),
  expiresAt: at("expires_at").notNull(),
  withdrawnAt: at("withdrawn_at"),
  answeredAt: at("answered_at"),
  answeredBy: uuid("answered_by"),
  instanceId: uuid("instance_id").unique(),
});

export const beamlineStaff = pgTable(
  "beamline_staff",
  {
    beamlineId: uuid("beamline_id").notNull(),
    userId: uuid("user_id").notNull(),
    providerId: uuid("provider_id"),
  },
  (it) => [primaryKey({ columns: [it.beamlineId, it.userId] })],
);

export const experiments = pgTable("experiments", {
  id: uuid("id").primaryKey().defaultRandom(),
  code: text("code").notNull(),
  beamlineId: uuid("beamline_id").notNull(),
  title: text("title").notNull().default(""),
  startsAt: at("starts_at").notNull(),
  endsAt: at("ends_at").notNull(),
  dataPath: text("data_path"),
  dataAccess: text("data_access").$type<"none" | "read" | "write">().notNull().default("write"),
  gid: integer("gid")
    .notNull()
    .unique()
    .default(sql`allot_gid()`),
  createdAt: at("created_at").notNull().defaultNow(),
});

export const members = pgTable(
  "members",
  {
    experimentId: uuid("experiment_id").notNull(),
    userId: uuid("user_id").notNull(),
    until: at("until"),
    providerId: uuid("provider_id"),
  },
  (it) => [primaryKey({ columns: [it.userId, it.experimentId] })],
);

export const groups = pgTable("groups", {
  id: uuid("id").primaryKey().defaultRandom(),
  name: text("name").notNull().unique(),
  description: text("description").notNull().default(""),
  gid: integer("gid").unique(),
  createdAt: at("created_at").notNull().defaultNow(),
});

export const groupMembers = pgTable(
  "group_members",
  {
    groupId: uuid("group_id").notNull(),
    userId: uuid("user_id").notNull(),
    providerId: uuid("provider_id"),
  },
  (it) => [primaryKey({ columns: [it.userId, it.groupId] })],
);

export const entitlements = pgTable("entitlements", {
  id: uuid("id").primaryKey().defaultRandom(),
  environmentId: uuid("environment_id").notNull(),
  kind: text("kind").$type<"everyone" | "beamline" | "experiment" | "group" | "person">().notNull(),
  beamlineId: uuid("beamline_id"),
  experimentId: uuid("experiment_id"),
  groupId: uuid("group_id"),
  userId: uuid("user_id"),
  fromAt: at("from_at"),
  untilAt: at("until_at"),
  createdAt: at("created_at").notNull().defaultNow(),
});

export const nodes = pgTable("nodes", {
  id: uuid("id").primaryKey().defaultRandom(),
  name: text("name").notNull().unique(),
  dbLogin: name("db_login").unique(),
  relayLogin: name("relay_login").unique(),
  epoch: count("epoch").notNull().default(0),
  controllerUrl: text("controller_url"),
  relayUrl: text("relay_url"),
  reportedLabels: jsonb("reported_labels").$type<Record<string, string>>().notNull().default({}),
  setLabels: jsonb("set_labels").$type<Record<string, string>>().notNull().default({}),
  /** What an administrator says has the last word. */
  labels: jsonb("labels")
    .$type<Record<string, string>>()
    .notNull()
    .generatedAlwaysAs(sql`reported_labels || set_labels`),
  cpus: real("cpus").notNull().default(0),
  memoryBytes: count("memory_bytes").notNull().default(0),
  schedulable: boolean("schedulable").notNull().default(true),
  ready: boolean("ready").notNull().default(false),
  reasonCode: text("reason_code"),
  reasonText: text("reason_text"),
  lastSeenAt: at("last_seen_at"),
  createdAt: at("created_at").notNull().defaultNow(),
  draining: boolean("draining").notNull().default(false),
  holdBy: uuid("hold_by"),
  holdByName: text("hold_by_name"),
  holdReason: text("hold_reason"),
  holdAt: at("hold_at"),
  machineId: text("machine_id"),
  clockSkewMs: count("clock_skew_ms"),
  diskTotalBytes: count("disk_total_bytes"),
  diskFreeBytes: count("disk_free_bytes"),
  unreadyAt: at("unready_at"),
});

export const nodeGpus = pgTable(
  "node_gpus",
  {
    nodeId: uuid("node_id").notNull(),
    uuid: text("uuid").notNull(),
    model: text("model").notNull(),
    memoryBytes: count("memory_bytes").notNull(),
    slots: integer("slots").notNull().default(1),
    setSlots: integer("set_slots"),
    present: boolean("present").notNull().default(true),
    seenAt: at("seen_at").notNull().defaultNow(),
  },
  (it) => [primaryKey({ columns: [it.nodeId, it.uuid] })],
);

export const nodeImages = pgTable(
  "node_images",
  {
    nodeId: uuid("node_id").notNull(),
    versionId: uuid("version_id").notNull(),
    wanted: boolean("wanted").notNull().default(false),
    wantedBecause: text("wanted_because"),
    state: text("state")
      .$type<"absent" | "pulling" | "present" | "failed">()
      .notNull()
      .default("absent"),
    doneBytes: count("done_bytes"),
    totalBytes: count("total_bytes"),
    sizeBytes: count("size_bytes"),
    reasonCode: text("reason_code"),
    reasonText: text("reason_text"),
    changedAt: at("changed_at").notNull().defaultNow(),
  },
  (it) => [primaryKey({ columns: [it.nodeId, it.versionId] })],
);

export const instances = pgTable("instances", {
  id: uuid("id").primaryKey().defaultRandom(),
  name: text("name").notNull(),
  environmentId: uuid("environment_id").notNull(),
  versionId: uuid("version_id").notNull(),
  ownerId: uuid("owner_id").notNull(),
  experimentId: uuid("experiment_id"),
  stationId: uuid("station_id"),
  geometry: text("geometry"),
  state: text("state").$type<State>().notNull().default("queued"),
  desired: text("desired").$type<Desire>().notNull().default("running"),
  generation: count("generation").notNull().default(1),
  incarnation: integer("incarnation").notNull().default(0),
  wantedIncarnation: integer("wanted_incarnation").notNull().default(1),
  reasonCode: text("reason_code"),
  reasonText: text("reason_text"),
  nodeId: uuid("node_id"),
  placement: jsonb("placement"),
  queuedAt: at("queued_at").notNull().defaultNow(),
  createdAt: at("created_at").notNull().defaultNow(),
  startedAt: at("started_at"),
  endedAt: at("ended_at"),
  lastActiveAt: at("last_active_at"),
  expiresAt: at("expires_at"),
  queuePriority: integer("queue_priority").notNull().default(0),
  queueAt: at("queue_at"),
  queueEstimate: at("queue_estimate"),
  queueBasis: text("queue_basis").$type<"limit" | "usual">(),
  maxMinutes: integer("max_minutes"),
  noticeCode: text("notice_code"),
  noticeText: text("notice_text"),
  noticeAt: at("notice_at"),
});

export const incarnations = pgTable(
  "incarnations",
  {
    instanceId: uuid("instance_id").notNull(),
    number: integer("number").notNull(),
    nodeId: uuid("node_id").notNull(),
    containerId: text("container_id"),
    vncControl: text("vnc_control").notNull(),
    vncView: text("vnc_view").notNull(),
    queuedAt: at("queued_at").notNull(),
    placedAt: at("placed_at").notNull().defaultNow(),
    containerAt: at("container_at"),
    readyAt: at("ready_at"),
    panelAt: at("panel_at"),
    endedAt: at("ended_at"),
    exitCode: integer("exit_code"),
    cpus: real("cpus"),
    memoryBytes: count("memory_bytes"),
    gpus: jsonb("gpus").$type<{ uuid: string; memoryBytes: number }[]>().notNull().default([]),
  },
  (it) => [primaryKey({ columns: [it.instanceId, it.number] })],
);

export const allocations = pgTable("allocations", {
  instanceId: uuid("instance_id").primaryKey(),
  nodeId: uuid("node_id").notNull(),
  cpus: real("cpus").notNull(),
  memoryBytes: count("memory_bytes").notNull(),
  createdAt: at("created_at").notNull().defaultNow(),
});

export const allocationGpus = pgTable(
  "allocation_gpus",
  {
    instanceId: uuid("instance_id").notNull(),
    nodeId: uuid("node_id").notNull(),
    uuid: text("uuid").notNull(),
    slot: integer("slot").notNull(),
    memoryBytes: count("memory_bytes").notNull(),
  },
  (it) => [primaryKey({ columns: [it.nodeId, it.uuid, it.slot] })],
);

export const rules = pgTable("rules", {
  id: uuid("id").primaryKey().defaultRandom(),
  name: text("name").notNull(),
  priority: integer("priority").notNull().default(0),
  enabled: boolean("enabled").notNull().default(true),
  conditions: jsonb("conditions").notNull().default({}),
  effects: jsonb("effects").notNull().default({}),
  version: integer("version").notNull().default(1),
  createdAt: at("created_at").notNull().defaultNow(),
  updatedAt: at("updated_at").notNull().defaultNow(),
});

export const ruleVersions = pgTable(
  "rule_versions",
  {
    ruleId: uuid("rule_id").notNull(),
    version: integer("version").notNull(),
    name: text("name").notNull(),
    priority: integer("priority").notNull(),
    enabled: boolean("enabled").notNull(),
    conditions: jsonb("conditions").notNull(),
    effects: jsonb("effects").notNull(),
    deleted: boolean("deleted").notNull().default(false),
    authorId: uuid("author_id"),
    authorName: text("author_name").notNull(),
    reason: text("reason").notNull().default(""),
    at: at("at").notNull().defaultNow(),
  },
  (it) => [primaryKey({ columns: [it.ruleId, it.version] })],
);

export const dedications = pgTable("dedications", {
  id: uuid("id").primaryKey().defaultRandom(),
  nodeId: uuid("node_id").notNull(),
  experimentId: uuid("experiment_id").notNull(),
  ruleId: uuid("rule_id").notNull(),
  ruleName: text("rule_name").notNull(),
  fromAt: at("from_at").notNull().defaultNow(),
  untilAt: at("until_at").notNull(),
  endedAt: at("ended_at"),
});

export const gatherings = pgTable("gatherings", {
  instanceId: uuid("instance_id").primaryKey(),
  nodeId: uuid("node_id").notNull(),
  fromAt: at("from_at").notNull().defaultNow(),
  untilAt: at("until_at").notNull(),
});

export const reservations = pgTable("reservations", {
  id: uuid("id").primaryKey().defaultRandom(),
  title: text("title").notNull(),
  kind: text("kind").$type<"experiment" | "group" | "beamline">().notNull(),
  experimentId: uuid("experiment_id"),
  groupId: uuid("group_id"),
  beamlineId: uuid("beamline_id"),
  fromAt: at("from_at").notNull(),
  untilAt: at("until_at").notNull(),
  seats: integer("seats").notNull(),
  cpus: real("cpus").notNull(),
  memoryBytes: count("memory_bytes").notNull(),
  gpus: integer("gpus").notNull().default(0),
  gpuMemoryBytes: count("gpu_memory_bytes"),
  selector: text("selector").notNull().default(""),
  createdBy: uuid("created_by"),
  createdByName: text("created_by_name").notNull(),
  createdAt: at("created_at").notNull().defaultNow(),
  cancelledAt: at("cancelled_at"),
});

export const controllerTransitions = pgTable(
  "controller_transitions",
  {
    fromState: text("from_state").$type<State>().notNull(),
    toState: text("to_state").$type<State>().notNull(),
  },
  (it) => [primaryKey({ columns: [it.fromState, it.toState] })],
);

export const instanceHistory = pgTable("instance_history", {
  id: identity().primaryKey(),
  instanceId: uuid("instance_id").notNull(),
  at: at("at").notNull().defaultNow(),
  fromState: text("from_state").$type<State>(),
  toState: text("to_state").$type<State>().notNull(),
  actor: text("actor").notNull(),
  actorId: uuid("actor_id"),
  reasonCode: text("reason_code"),
  reasonText: text("reason_text"),
});

export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    userId: uuid("user_id").notNull(),
    key: text("key").notNull(),
    bodyHash: text("body_hash").notNull(),
    instanceId: uuid("instance_id").notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
  },
  (it) => [primaryKey({ columns: [it.userId, it.key] })],
);

export const work = pgTable(
  "work",
  {
    subjectKind: text("subject_kind").notNull(),
    subjectId: uuid("subject_id").notNull(),
    nodeId: uuid("node_id").notNull(),
    wanted: count("wanted").notNull().default(1),
    done: count("done").notNull().default(0),
    runAt: at("run_at").notNull().defaultNow(),
    attempts: integer("attempts").notNull().default(0),
    lastError: text("last_error"),
    fence: count("fence").notNull().default(0),
    leaseUntil: at("lease_until"),
    leaseEpoch: count("lease_epoch"),
  },
  (it) => [primaryKey({ columns: [it.subjectKind, it.subjectId, it.nodeId] })],
);

export const placerLock = pgTable("placer_lock", {
  singleton: boolean("singleton").primaryKey().default(true),
});

export const tickets = pgTable("tickets", {
  jti: uuid("jti").primaryKey(),
  userId: uuid("user_id").notNull(),
  signInId: uuid("sign_in_id").notNull(),
  instanceId: uuid("instance_id").notNull(),
  incarnation: integer("incarnation").notNull(),
  nodeId: uuid("node_id").notNull(),
  permission: text("permission").$type<"control" | "view">().notNull(),
  kid: text("kid").notNull(),
  createdAt: at("created_at").notNull().defaultNow(),
  expiresAt: at("expires_at").notNull(),
  usedAt: at("used_at"),
});

export const signingKeys = pgTable("signing_keys", {
  kid: text("kid").primaryKey(),
  publicJwk: jsonb("public_jwk").$type<Record<string, string>>().notNull(),
  sealedPrivate: bytea("sealed_private").notNull(),
  createdAt: at("created_at").notNull().defaultNow(),
  signFrom: at("sign_from").notNull(),
  signUntil: at("sign_until"),
  retiredAt: at("retired_at"),
});

export const changes = pgTable(
  "changes",
  {
    xid: xid8("xid")
      .notNull()
      .default(sql`pg_current_xact_id()`),
    id: identity(),
    at: at("at").notNull().defaultNow(),
    userId: uuid("user_id").notNull(),
    kind: text("kind").notNull(),
    subjectId: uuid("subject_id").notNull(),
  },
  (it) => [primaryKey({ columns: [it.xid, it.id] })],
);

export const audit = pgTable("audit", {
  id: identity().primaryKey(),
  at: at("at").notNull().defaultNow(),
  actorId: uuid("actor_id"),
  actorName: text("actor_name"),
  action: text("action").notNull(),
  outcome: text("outcome").$type<"allowed" | "refused">().notNull(),
  subjectKind: text("subject_kind"),
  subjectId: text("subject_id"),
  address: text("address"),
  requestId: text("request_id"),
  detail: jsonb("detail"),
  signInId: uuid("sign_in_id"),
});

export const providers = pgTable("providers", {
  id: uuid("id").primaryKey().defaultRandom(),
  slug: text("slug").notNull().unique(),
  name: text("name").notNull(),
  issuer: text("issuer").notNull(),
  clientId: text("client_id").notNull(),
  sealedSecret: bytea("sealed_secret"),
  scope: text("scope").notNull().default("openid profile email"),
  usernameClaim: text("username_claim").notNull().default("preferred_username"),
  vouches: boolean("vouches").notNull().default(false),
  enabled: boolean("enabled").notNull().default(true),
  createdAt: at("created_at").notNull().defaultNow(),
  logout: boolean("logout").notNull().default(true),
});

export const logoutTokens = pgTable(
  "logout_tokens",
  {
    providerId: uuid("provider_id").notNull(),
    jtiHash: bytea("jti_hash").notNull(),
    expiresAt: at("expires_at").notNull(),
  },
  (it) => [primaryKey({ columns: [it.providerId, it.jtiHash] })],
);

export const identities = pgTable(
  "identities",
  {
    providerId: uuid("provider_id").notNull(),
    subject: text("subject").notNull(),
    userId: uuid("user_id").notNull(),
    username: text("username"),
    createdAt: at("created_at").notNull().defaultNow(),
    lastSignInAt: at("last_sign_in_at").notNull().defaultNow(),
  },
  (it) => [primaryKey({ columns: [it.providerId, it.subject] })],
);

export const oidcAttempts = pgTable("oidc_attempts", {
  stateHash: bytea("state_hash").primaryKey(),
  browserHash: bytea("browser_hash").notNull(),
  providerId: uuid("provider_id").notNull(),
  nonce: text("nonce").notNull(),
  verifier: text("verifier").notNull(),
  next: text("next").notNull(),
  expiresAt: at("expires_at").notNull(),
});

export const claimRules = pgTable(
  "claim_rules",
  {
    id: uuid("id").primaryKey().defaultRandom(),
    providerId: uuid("provider_id").notNull(),
    claim: text("claim").notNull(),
    pattern: text("pattern").notNull(),
    gives: text("gives").$type<"role" | "group" | "beamline_staff" | "experiment">().notNull(),
    target: text("target").notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
  },
  (it) => [unique().on(it.providerId, it.claim, it.pattern, it.gives, it.target)],
);

export const favourites = pgTable(
  "favourites",
  {
    userId: uuid("user_id").notNull(),
    environmentId: uuid("environment_id").notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
  },
  (it) => [primaryKey({ columns: [it.userId, it.environmentId] })],
);
