/** Makes planned steps real, one instance at a time, under its lease. */
import type { Db } from "../db/client.ts";
import { recordPhase, reportState, type InstanceSpec } from "../db/node-instances.ts";
import type { Lease } from "../db/work.ts";
import { awaitReady, StartFailure } from "./await-ready.ts";
import { vncPasswordFile } from "./desktop-env.ts";
import { desktopFolders, type Sites } from "./desktop-folders.ts";
import { noteHome } from "./home-room.ts";
import { meaningOf, type Circumstances } from "./ending.ts";
import {
  makeIncarnationFiles,
  removeIncarnationFiles,
  type FileRoots,
} from "./incarnation-files.ts";
import { cpusFor, type DesktopLimits } from "./limits.ts";
import type { ImagePuller } from "./image-puller.ts";
import type { Reason, Step } from "./plan.ts";
import { renderingEnv } from "./rendering.ts";
import type { Rooms } from "./rooms.ts";
import type { Slots } from "./slots.ts";
import { RuntimeError, type Runtime } from "./runtimes/runtime.ts";
import { startImage } from "./start-image.ts";
import type { Storages } from "./storage/storage.ts";

export interface Hands {
  readonly db: Db;
  readonly runtime: Runtime;
  readonly roots: FileRoots;
  readonly rooms: Rooms;
  readonly storage: Storages;
  readonly sites: Sites;
  readonly images: ImagePuller;
  readonly slots: Slots;
  readonly timezone: string;
  readonly limits: DesktopLimits;
  readonly circumstances: Circumstances;
  /** How long a desktop may take to answer after its container started. */
  readonly answerMs: number;
  /** Has what a start took made anew, for the next one. */
  stockUp(): void;
  /** Work that outlives the lease, e.g. waiting for the panel; it ends with the controller. */
  background(task: (signal: AbortSignal) => Promise<void>): void;
}

const stopGraceSeconds = 5;

async function create(
  hands: Hands,
  lease: Lease,
  spec: InstanceSpec,
  signal: AbortSignal,
): Promise<string> {
  const image = await startImage(hands, lease, spec, signal);
  const { runtime, roots, rooms, storage, sites, timezone, limits } = hands;
  const [made, found] = await Promise.allSettled([
    makeIncarnationFiles(roots, rooms, {
      instanceId: spec.id,
      incarnation: spec.incarnation,
      person: spec.person,
    }),
    desktopFolders(storage, sites, spec),
  ]);
  // Both are over by then: what is cleared away afterwards is not made meanwhile.
  if (made.status === "rejected") throw made.reason;
  if (found.status === "rejected") throw found.reason;
  const { value: files } = made;
  const { value: folders } = found;
  const { username, uid, gid, groups } = spec.person;
  const home = `/home/${username}`;
  return runtime.create({
    instanceId: spec.id,
    incarnation: spec.incarnation,
    environment: spec.environment,
    image,
    gpus: spec.gpus,
    person: { username, uid, gid, groups: groups.map((it) => it.gid) },
    env: {
      USER: username,
      LOGNAME: username,
      HOME: home,
      TZ: timezone,
      // Who has a group of their own shares what they make with groups that a folder names.
      ASCI_UMASK: uid === gid ? "002" : "022",
      ASCI_VNC_PASSWD: vncPasswordFile(spec.vncControl, spec.vncView),
      ...renderingEnv(spec.gpus),
      ...(spec.geometry ? { ASCI_GEOMETRY: spec.geometry } : {}),
    },
    mounts: [
      { source: files.vnc, target: "/run/asci", readOnly: false },
      { source: files.accounts, target: "/var/lib/extrausers", readOnly: true },
      ...folders,
    ],
    passingHome: spec.person.station,
    cpuLimit: cpusFor(spec.cpuLimit, limits),
    pidsLimit: limits.pids,
    memoryLimitBytes: spec.memoryLimitBytes,
  });
}

async function bury(hands: Hands, lease: Lease, spec: InstanceSpec, containerId: string) {
  const end = await hands.runtime.end(containerId);
  const { exitCode } = end;
  const loggedOut = exitCode === 0 && !end.error && spec.state !== "starting";
  // An engine that is being stopped ends its containers first. What that means is told once it is back.
  if (!loggedOut) await hands.runtime.ping();
  await hands.runtime.remove(containerId);
  await removeIncarnationFiles(hands.roots, spec.id, spec.incarnation);
  if (!loggedOut) {
    const reason = meaningOf(end, hands.circumstances);
    await reportState(hands.db, lease, { to: "failed", reason, exitCode });
    return;
  }
  const reason = { code: "logged_out", text: "the person logged out of the desktop" };
  await reportState(hands.db, lease, { to: "stopping", reason });
  await reportState(hands.db, lease, { to: "stopped", exitCode });
}

/** @returns false where the state forbade a report: the instance was moved meanwhile */
export async function execute(
  hands: Hands,
  lease: Lease,
  spec: InstanceSpec,
  step: Step,
  signal: AbortSignal,
): Promise<boolean> {
  const { db, runtime, roots } = hands;
  switch (step.kind) {
    case "create": {
      const containerId = await create(hands, lease, spec, signal);
      await startContainer(hands, spec, containerId);
      await awaitReady(hands, spec, containerId, signal);
      return reportRunning(hands, lease, spec);
    }
    case "start":
      await startContainer(hands, spec, step.containerId);
      return true;
    case "await_ready":
      await awaitReady(hands, spec, step.containerId, signal);
      return reportRunning(hands, lease, spec);
    case "stop":
      await runtime.stop(step.containerId, stopGraceSeconds);
      return true;
    case "remove":
      await runtime.remove(step.containerId);
      await removeIncarnationFiles(roots, spec.id, step.incarnation);
      // It may have ended before anything else asked for it.
      hands.stockUp();
      return true;
    case "bury":
      await bury(hands, lease, spec, step.containerId);
      return true;
    case "report":
      return reportState(db, lease, {
        to: step.to,
        ...(step.reason === undefined ? {} : { reason: step.reason }),
      });
  }
}

async function startContainer(
  hands: Hands,
  spec: InstanceSpec,
  containerId: string,
): Promise<void> {
  await hands.runtime.start(containerId);
  // The picture does not wait for the record of how it came about.
  hands.background(() =>
    recordPhase(hands.db, spec.id, spec.incarnation, "container", containerId),
  );
}

async function reportRunning(hands: Hands, lease: Lease, spec: InstanceSpec): Promise<boolean> {
  const moved = await reportState(hands.db, lease, { to: "running", reason: null });
  hands.background(() => recordPhase(hands.db, spec.id, spec.incarnation, "ready"));
  if (!spec.person.station) hands.background(() => noteHome(hands, spec.id, spec.person));
  return moved;
}

/** The engine's words are for the person; a fault of our own is for the log. */
function publicText(error: unknown): string {
  return error instanceof RuntimeError
    ? error.message.slice(0, 500)
    : "a fault of ASCI itself; its log tells more";
}

const attemptsOfAStart = 5;
/** Of a start: what somebody has to see to. */
const final = new Set(["image_missing", "image_changed", "disk_limit", "gpu_unavailable"]);

/**
 * Whether trying again later can help. Only a start is ever given up: anything else may have a live
 * desktop with work in it, and so may an engine that does not answer.
 */
export function verdictOf(
  error: unknown,
  { starting, attempts }: { starting: boolean; attempts: number },
): { fails: Reason } | { waits: Reason; counts: boolean } {
  if (error instanceof StartFailure && starting) return { fails: error.reason };
  const code = error instanceof RuntimeError ? error.code : "internal";
  const text = publicText(error);
  const reason = { code, text };
  if (code === "engine_unreachable") return { waits: reason, counts: false };
  if (starting && final.has(code)) return { fails: reason };
  return starting && attempts + 1 >= attemptsOfAStart
    ? { fails: reason }
    : { waits: reason, counts: true };
}
