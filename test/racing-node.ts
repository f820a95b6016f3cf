/**
 * A node for tests of races: real claims, plans and reports over connections of its own. Its engine is
 * a map, so that a test makes in seconds what takes real containers hours.
 */
import { randomUUID } from "node:crypto";
import { compareAll } from "../controller/engine-watch.ts";
import { verdictOf } from "../controller/execute.ts";
import { plan, type Step } from "../controller/plan.ts";
import { RuntimeError, type ObservedContainer } from "../controller/runtimes/runtime.ts";
import type { Db } from "../db/client.ts";
import { LeaseLostError, SupersededError } from "../db/errors.ts";
import {
  getInstanceSpec,
  knownInstances,
  recordPhase,
  reportReason,
  reportState,
  settledInstances,
  type InstanceSpec,
} from "../db/node-instances.ts";
import { registerNode, type NodeReport } from "../db/nodes.ts";
import {
  claimWork,
  failWork,
  finishWork,
  releaseWork,
  renewLease,
  wishAgain,
  type Lease,
} from "../db/work.ts";

/** What goes wrong while a claim is worked on. `slow`: its lease runs out at once. */
export const mishaps = [
  "none",
  "engine_unreachable",
  "disk_full",
  "image_missing",
  "dies_young",
  "killed",
  "gives_back",
  "slow",
] as const;
export type Mishap = (typeof mishaps)[number];

export const meddlings = ["removed", "killed", "logged_out"] as const;
export type Meddling = (typeof meddlings)[number];

const leaseMs = 30_000;
const roundsPerClaim = 6;
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** The controller is gone in the middle of its work: it says nothing more. */
class Killed extends Error {}

export class RacingNode {
  readonly id: string;
  readonly #db: Db;
  #epoch = 0;
  #containers = new Map<string, ObservedContainer>();
  readonly #loggedOut = new Set<string>();
  /** Instances whose container changed and nobody was told: only a comparison finds them. */
  readonly #untold = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(id: string, db: Db) {
    this.id = id;
    this.#db = db;
  }

  get containers(): readonly ObservedContainer[] {
    return [...this.#containers.values()];
  }

  /** A controller's start, with the size that it finds the node to have. */
  async register(size: NodeReport): Promise<void> {
    await this.#inTurn(async () => {
      this.#epoch = (await registerNode(this.#db, this.id, size)).epoch;
    });
  }

  /** One heartbeat, and what it claims, worked on side by side. */
  async work(limit: number, mishap: Mishap): Promise<void> {
    const beat = { ready: true, reasonCode: null, reasonText: null };
    const lease = { leaseMs: mishap === "slow" ? 0 : leaseMs, limit, beat };
    try {
      const claimed = await claimWork(this.#db, { nodeId: this.id, epoch: this.#epoch, ...lease });
      await Promise.all(claimed.map((it) => this.#run(it, mishap)));
    } catch (error) {
      if (!(error instanceof SupersededError)) throw error;
    }
  }

  /** A full comparison, as a controller makes it now and then. */
  async compare(): Promise<void> {
    const list = () => Promise.resolve([...this.containers]);
    await compareAll(this.#db, { list }, this.id, quiet);
  }

  /**
   * Instances that nobody looks at any more though something is to be done. What is lost, or changed
   * without an event, is left to the comparison.
   */
  async forgotten(): Promise<string[]> {
    const settled = await settledInstances(this.#db, this.id);
    return settled.flatMap((it) => {
      const own = this.containers.filter((one) => one.instanceId === it.id);
      const left = it.state === "lost" || this.#untold.has(it.id);
      return left || plan(it, own).length === 0 ? [] : [JSON.stringify({ ...it, own })];
    });
  }

  /** Something other than ASCI ends or removes a container; the engine's event may get lost. */
  async meddle(which: number, how: Meddling, told: boolean): Promise<void> {
    const container = this.containers[which % Math.max(1, this.#containers.size)];
    if (!container) return;
    if (how === "removed") this.#containers.delete(container.id);
    else this.#containers.set(container.id, { ...container, status: "exited" });
    if (how === "logged_out") this.#loggedOut.add(container.id);
    if (!told) this.#untold.add(container.instanceId);
    if (told) await wishAgain(this.#db, this.id, [container.instanceId]);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** A controller aborts before its lease is over: it tells the engine nothing without one. */
  #tellEngine(lease: Lease, act: () => void): Promise<void> {
    return this.#inTurn(async () => {
      await renewLease(this.#db, lease, leaseMs);
      act();
    });
  }

  async #run(lease: Lease, mishap: Mishap): Promise<void> {
    try {
      for (let n = 0; n < roundsPerClaim; n++) if (await this.#round(lease, mishap)) break;
      await (mishap === "gives_back" ? releaseWork : finishWork)(this.#db, lease);
    } catch (error) {
      if (error instanceof LeaseLostError || error instanceof Killed) return;
      if (!(error instanceof RuntimeError)) throw error;
      await this.#fail(lease, error).catch((late: unknown) => {
        if (!(late instanceof LeaseLostError)) throw late;
      });
    }
  }

  /** One look. @returns whether nothing is left to do */
  async #round(lease: Lease, mishap: Mishap): Promise<boolean> {
    const { subjectId } = lease;
    const own = () => this.containers.filter((it) => it.instanceId === subjectId);
    const [spec, containers] = [await getInstanceSpec(this.#db, subjectId), own()];
    if (!spec) {
      const known = (await knownInstances(this.#db, [subjectId])).get(subjectId) ?? 0;
      for (const it of own().filter((one) => one.incarnation <= known))
        await this.#tellEngine(lease, () => this.#containers.delete(it.id));
      return true;
    }
    const steps = plan(spec, containers);
    for (const step of steps) {
      if (!(await this.#execute(lease, spec, step, mishap))) return false;
      if (mishap === "killed") throw new Killed();
    }
    return steps.length === 0;
  }

  /** @returns false where another look is needed */
  async #execute(lease: Lease, spec: InstanceSpec, step: Step, mishap: Mishap): Promise<boolean> {
    if (mishap === "engine_unreachable" && step.kind !== "report")
      throw new RuntimeError("engine_unreachable", "The engine does not answer.");
    switch (step.kind) {
      case "create":
        return this.#create(lease, spec, mishap);
      case "start":
      case "await_ready": {
        const current = this.#containers.get(step.containerId);
        if (!current || current.status === "exited") return false;
        return this.#reportRunning(lease, spec, current.id);
      }
      case "stop":
        await this.#tellEngine(lease, () => {
          const current = this.#containers.get(step.containerId);
          if (current) this.#containers.set(current.id, { ...current, status: "exited" });
        });
        return true;
      case "remove":
        await this.#tellEngine(lease, () => this.#containers.delete(step.containerId));
        return true;
      case "bury": {
        await this.#tellEngine(lease, () => this.#containers.delete(step.containerId));
        const loggedOut = this.#loggedOut.has(step.containerId) && spec.state !== "starting";
        const code = loggedOut ? "logged_out" : "container_exited";
        const to = loggedOut ? "stopping" : "failed";
        await reportState(this.#db, lease, { to, reason: { code, text: "it ended" }, exitCode: 1 });
        if (loggedOut) await reportState(this.#db, lease, { to: "stopped", exitCode: 0 });
        return true;
      }
      case "report":
        return reportState(this.#db, lease, {
          to: step.to,
          ...(step.reason === undefined ? {} : { reason: step.reason }),
        });
    }
  }

  async #create(lease: Lease, spec: InstanceSpec, mishap: Mishap): Promise<boolean> {
    if (mishap === "disk_full" || mishap === "image_missing")
      throw new RuntimeError(mishap, "The engine refused.");
    const { id: instanceId, incarnation } = spec;
    const status = mishap === "dies_young" ? "exited" : "running";
    const id = randomUUID();
    let taken = false;
    await this.#tellEngine(lease, () => {
      taken = this.containers.some(
        (it) => it.instanceId === instanceId && it.incarnation === incarnation,
      );
      if (!taken) this.#containers.set(id, { id, instanceId, incarnation, status });
    });
    if (mishap === "killed") throw new Killed();
    if (taken || status === "exited") return false;
    return this.#reportRunning(lease, spec, id);
  }

  async #reportRunning(lease: Lease, spec: InstanceSpec, containerId: string): Promise<boolean> {
    await recordPhase(this.#db, spec.id, spec.incarnation, "container", containerId);
    const moved = await reportState(this.#db, lease, { to: "running", reason: null });
    await recordPhase(this.#db, spec.id, spec.incarnation, "ready");
    return moved;
  }

  /** As a controller judges a fault: a start is given up, or everything is tried again later. */
  async #fail(lease: Lease, error: RuntimeError): Promise<void> {
    const spec = await getInstanceSpec(this.#db, lease.subjectId);
    const starting = spec?.state === "starting";
    const verdict = verdictOf(error, { starting, attempts: lease.attempts });
    if ("waits" in verdict) {
      await reportReason(this.#db, lease, verdict.waits);
      await failWork(this.#db, lease, verdict.waits.text, verdict.counts);
      return;
    }
    for (const it of this.containers.filter((one) => one.instanceId === lease.subjectId))
      await this.#tellEngine(lease, () => this.#containers.delete(it.id));
    await reportState(this.#db, lease, { to: "failed", reason: verdict.fails });
    await finishWork(this.#db, lease);
  }
}
