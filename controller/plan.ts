/** From the wish and what is seen to what is done next. Pure; decides nothing about time. */
import type { InstanceSpec } from "../db/node-instances.ts";
import type { State } from "../db/states.ts";
import type { ObservedContainer } from "./runtimes/runtime.ts";

export interface Reason {
  readonly code: string;
  readonly text: string;
}

export type Step =
  | { readonly kind: "create" }
  | { readonly kind: "start"; readonly containerId: string }
  | { readonly kind: "await_ready"; readonly containerId: string }
  | { readonly kind: "stop"; readonly containerId: string }
  | { readonly kind: "remove"; readonly containerId: string; readonly incarnation: number }
  /** Reads how the container ended, removes it, and reports what that means. */
  | { readonly kind: "bury"; readonly containerId: string }
  | { readonly kind: "report"; readonly to: State; readonly reason?: Reason | null };

export type PlannedInstance = Pick<
  InstanceSpec,
  "state" | "desired" | "incarnation" | "wantedIncarnation" | "containerId" | "wasReady"
>;

const vanished: Reason = {
  code: "container_vanished",
  text: "its container was removed by something other than ASCI",
};
const ended: ReadonlySet<State> = new Set(["stopped", "failed", "shelved"]);

const report = (to: State, reason?: Reason | null): Step =>
  reason === undefined ? { kind: "report", to } : { kind: "report", to, reason };

/** Stops what lives and removes what is left. */
function clear(container: ObservedContainer): Step[] {
  const { id: containerId, status, incarnation } = container;
  const lives = status === "running" || status === "paused";
  return [
    ...(lives ? [{ kind: "stop", containerId } as const] : []),
    { kind: "remove", containerId, incarnation },
  ];
}

function planGone(instance: PlannedInstance, current: ObservedContainer | undefined): Step[] {
  const steps = current ? clear(current) : [];
  if (!ended.has(instance.state)) {
    const first = instance.state === "stopping" ? [] : [report("stopping")];
    return [...first, ...steps, report("stopped")];
  }
  // Not after a log-out: there the wish stands, but for an incarnation that has ended. After a
  // failure only where a restart was asked for while it failed.
  const startsAgain =
    (instance.state === "stopped" || instance.state === "failed") &&
    instance.desired === "running" &&
    instance.wantedIncarnation > instance.incarnation;
  return [...steps, ...(startsAgain ? [report("queued", null)] : [])];
}

function planStarting(instance: PlannedInstance, current: ObservedContainer | undefined): Step[] {
  if (!current) return instance.containerId ? [report("failed", vanished)] : [{ kind: "create" }];
  const containerId = current.id;
  switch (current.status) {
    case "created":
      return [
        { kind: "start", containerId },
        { kind: "await_ready", containerId },
      ];
    case "running":
    case "paused":
      return [{ kind: "await_ready", containerId }];
    case "exited":
      return [{ kind: "bury", containerId }];
  }
}

/** What was lost before it ever answered goes on with its start. */
function planLost(instance: PlannedInstance, current: ObservedContainer | undefined): Step[] {
  if (!instance.wasReady) return [report("starting", null)];
  if (current?.status === "paused") return [report("paused", null)];
  return planAlive(instance, current);
}

function planAlive(instance: PlannedInstance, current: ObservedContainer | undefined): Step[] {
  if (!current) return [report("failed", vanished)];
  switch (current.status) {
    case "running":
      return instance.state === "running" ? [] : [report("running", null)];
    case "paused":
      return instance.state === "running" ? [report("paused")] : [];
    case "created":
      return [{ kind: "start", containerId: current.id }];
    case "exited":
      return [{ kind: "bury", containerId: current.id }];
  }
}

/**
 * What to do for one instance of this node, in order. Containers of older incarnations go; newer ones
 * than the database knows are left alone (a restored backup must not kill a live desktop).
 */
export function plan(instance: PlannedInstance, containers: readonly ObservedContainer[]): Step[] {
  const older = containers.filter((it) => it.incarnation < instance.incarnation).flatMap(clear);
  const current = containers.find((it) => it.incarnation === instance.incarnation);
  const wanted =
    instance.desired === "running" && instance.wantedIncarnation === instance.incarnation;
  return [...older, ...planCurrent(instance, current, wanted)];
}

function planCurrent(
  instance: PlannedInstance,
  current: ObservedContainer | undefined,
  wanted: boolean,
): Step[] {
  switch (instance.state) {
    case "queued":
      return current ? clear(current) : [];
    case "stopped":
    case "failed":
    case "shelved":
    case "stopping":
      return planGone(instance, current);
    case "starting":
      return wanted ? planStarting(instance, current) : planGone(instance, current);
    case "lost":
      return wanted ? planLost(instance, current) : planGone(instance, current);
    case "running":
    case "paused":
      return wanted ? planAlive(instance, current) : planGone(instance, current);
  }
}
