/**
 * The states of an instance and who may cause each change: the one table that queries, API and UI share.
 * Pure: imports nothing.
 */
export const states = [
  "queued",
  "starting",
  "running",
  "paused",
  "stopping",
  "stopped",
  "shelved",
  "failed",
  "lost",
] as const;
export type State = (typeof states)[number];

/** What someone wishes of an instance; controllers make it true. */
export const desires = ["running", "paused", "stopped", "shelved"] as const;
export type Desire = (typeof desires)[number];

/**
 * Who causes a change. `person`: a wish through the API, or an administrator's word that a node is gone. `placer`: the queue's owner.
 * `controller`: the node that holds the work's lease. `judge`: decides that a node is lost,
 * or that the time of what runs is over.
 */
export type Actor = "person" | "placer" | "controller" | "judge";

export interface Transition {
  readonly from: State;
  readonly to: State;
  readonly by: readonly Actor[];
}

const t = (from: State, to: State, ...by: Actor[]): Transition => ({ from, to, by });

export const transitions: readonly Transition[] = [
  t("queued", "starting", "placer"),
  t("queued", "stopping", "person", "judge"),
  t("queued", "stopped", "placer"),
  t("queued", "failed", "placer"),
  t("starting", "running", "controller"),
  t("starting", "stopping", "person", "controller", "judge"),
  t("starting", "failed", "controller", "person"),
  t("starting", "lost", "judge"),
  t("running", "paused", "controller"),
  t("running", "stopping", "person", "controller", "judge"),
  t("running", "failed", "controller", "person"),
  t("running", "lost", "judge"),
  t("paused", "running", "controller"),
  t("paused", "stopping", "person", "controller", "judge"),
  t("paused", "failed", "controller", "person"),
  t("paused", "lost", "judge"),
  t("stopping", "stopped", "controller", "placer"),
  t("stopping", "shelved", "controller"),
  t("stopping", "failed", "controller", "person"),
  t("stopped", "queued", "person", "controller"),
  t("shelved", "queued", "person"),
  t("failed", "queued", "person", "controller"),
  t("lost", "running", "controller"),
  t("lost", "paused", "controller"),
  t("lost", "starting", "controller"),
  t("lost", "stopping", "person", "controller", "judge"),
  t("lost", "failed", "controller", "person"),
];

/** True where `actor` may move an instance from `from` to `to`. */
export function mayTransition(from: State, to: State, actor: Actor): boolean {
  return transitions.some((it) => it.from === from && it.to === to && it.by.includes(actor));
}

/** The states from which `actor` may move an instance to `to`. */
export function sourcesOf(to: State, actor: Actor): State[] {
  return transitions.filter((it) => it.to === to && it.by.includes(actor)).map((it) => it.from);
}

/** Live states hold a place on a node or wait for one. */
export const liveStates = ["queued", "starting", "running", "paused", "stopping", "lost"] as const;

export function isLive(state: State): boolean {
  return (liveStates as readonly State[]).includes(state);
}

/**
 * What a person can ask of an instance. `connect` needs a ticket and changes no state, `extend` moves the
 * end of what has one.
 */
export const actions = ["connect", "stop", "restart", "extend"] as const;
export type Action = (typeof actions)[number];

const actionStates: Record<Action, readonly State[]> = {
  connect: ["running"],
  stop: ["queued", "starting", "running", "paused", "lost"],
  restart: ["starting", "running", "paused", "stopped", "shelved", "failed"],
  extend: ["starting", "running", "paused"],
};

/** Whether the action is allowed in this state; the reason for a no is told from the state itself. */
export function allows(state: State, action: Action): boolean {
  return actionStates[action].includes(state);
}

/** The states in which the action is allowed, for queries. */
export function statesAllowing(action: Action): readonly State[] {
  return actionStates[action];
}
