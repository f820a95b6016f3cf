/**
 * What the scheduler judges. Pure data: whoever calls it reads and writes the database. Times are
 * milliseconds since 1970 (the database's clock), sizes are bytes and cores.
 */

/** What one instance takes of a node. */
export interface Size {
  readonly cpus: number;
  readonly memoryBytes: number;
  /** How many GPUs. */
  readonly gpus: number;
  /** Of each GPU; null: the whole of it, shared with nobody. */
  readonly gpuMemoryBytes: number | null;
}

/** What a rule's `when` looks at, and what limits and reservations count by. */
export interface Attributes {
  /** The environment's slug. */
  readonly environment: string;
  readonly kind: "desktop" | "service";
  /** Codes; null: without an experiment. */
  readonly beamline: string | null;
  readonly beamlineId: string | null;
  readonly experiment: string | null;
  readonly experimentId: string | null;
  /** The experiment's time at the beamline; null: without an experiment. */
  readonly beamtime: { readonly from: number; readonly until: number } | null;
  /** A user name. */
  readonly user: string;
  readonly userId: string;
  readonly roles: readonly string[];
  /** Ids of the groups that the person is in. */
  readonly groupIds: readonly string[];
}

/** An instance that waits for a place. */
export interface Request extends Attributes {
  readonly id: string;
  readonly versionId: string;
  /** As the environment says; rules may say otherwise. */
  readonly size: Size;
  readonly queuedAt: number;
}

/** An instance that holds a place. */
export interface Live extends Attributes {
  readonly id: string;
  readonly nodeId: string;
  /** What it really holds. */
  readonly size: Size;
  readonly placedAt: number;
  /** When it ends by its limit; null: it has none. */
  readonly endsAt: number | null;
  /** How long instances of its environment usually last, ms; null: not known. */
  readonly usualMs: number | null;
}

export interface GpuShare {
  readonly slot: number;
  readonly memoryBytes: number;
}
export interface Gpu {
  readonly uuid: string;
  readonly model: string;
  readonly memoryBytes: number;
  /** How many may share it. */
  readonly slots: number;
  /** Whether the node still reports it. */
  readonly present: boolean;
  readonly taken: readonly GpuShare[];
}

export interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly ready: boolean;
  /** Of one that is not ready: since how long; where that is not known it counts as long. */
  readonly unreadyMs?: number;
  readonly schedulable: boolean;
  readonly draining: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly allocatedCpus: number;
  readonly allocatedMemoryBytes: number;
  readonly gpus: readonly Gpu[];
  /** Ids of the versions whose image it has. */
  readonly images: ReadonlySet<string>;
  /** The experiment that has it to itself now. */
  readonly dedicatedTo: string | null;
}

/** One line of policy. What is not named in `when` is not looked at; a list means any of these. */
export interface RuleWhen {
  readonly environment?: string | readonly string[];
  readonly kind?: "desktop" | "service";
  readonly beamline?: string | readonly string[];
  readonly experiment?: string | readonly string[];
  readonly user?: string | readonly string[];
  readonly role?: string | readonly string[];
  /** ISO 8601: the rule counts from then, and until then. */
  readonly from?: string;
  readonly until?: string;
}
export interface Preference {
  readonly selector: string;
  /** Points, -100 to 100. */
  readonly weight: number;
}
export interface RuleLimits {
  readonly perPerson?: number;
  readonly perExperiment?: number;
  readonly perBeamline?: number;
  readonly total?: number;
}
export interface RuleThen {
  /** A selector that nodes have to meet. */
  readonly require?: string;
  readonly prefer?: readonly Preference[];
  readonly strategy?: "pack" | "spread";
  readonly resources?: Partial<Size>;
  /** How many instances that the rule matches may live at once. */
  readonly limits?: RuleLimits;
  readonly lifetime?: { readonly maxMinutes: number };
  /** During the experiment's beamtime a node for it alone. */
  readonly dedicate?: boolean;
  /** In the queue: the higher, the earlier. */
  readonly priority?: number;
}
export interface Rule {
  readonly id: string;
  readonly name: string;
  /** The higher, the earlier it is asked: of two that say the same thing the first has it. */
  readonly priority: number;
  readonly enabled: boolean;
  readonly when: RuleWhen;
  readonly then: RuleThen;
}

/** Capacity that is kept for some people for a time. */
export interface Reservation {
  readonly id: string;
  readonly title: string;
  readonly kind: "experiment" | "group" | "beamline";
  /** The id of the experiment, group or beamline. */
  readonly subjectId: string;
  readonly from: number;
  readonly until: number;
  readonly seats: number;
  /** Of one seat. */
  readonly size: Size;
  readonly selector: string;
}

/** A node that takes nothing else until a request that has waited long has room there, or its time is over. */
export interface Gathered {
  readonly requestId: string;
  readonly userId: string;
  readonly experimentId: string | null;
  readonly nodeId: string;
  readonly until: number;
  /** It stands behind all that is decided on: it counts, and keeps the node from none of them. */
  readonly behind?: boolean;
}

/** All that decisions hang on beside the request. */
export interface Situation {
  readonly now: number;
  readonly nodes: readonly Candidate[];
  readonly rules: readonly Rule[];
  readonly live: readonly Live[];
  readonly reservations: readonly Reservation[];
  /** For those who wait; also what is over, for a time. Not named: there is none. */
  readonly gathered?: readonly Gathered[];
}

export interface ScoreLine {
  readonly rule: string;
  readonly points: number;
}

export interface Scored {
  readonly node: Candidate;
  readonly score: number;
  readonly lines: readonly ScoreLine[];
}

/** What a placement takes of one GPU. */
export interface GpuGrant {
  readonly uuid: string;
  readonly shares: readonly GpuShare[];
}
