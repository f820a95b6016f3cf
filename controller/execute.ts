/** Makes planned steps real, one instance at a time, under its lease. */
import type { Db } from "../db/client.ts";
import {
  getInstanceSpec,
  recordPhase,
  reportState,
  type InstanceSpec,
} from "../db/node-instances.ts";
import type { Lease } from "../db/work.ts";
import { vncPasswordFile } from "./desktop-env.ts";
import {
  incarnationFolder,
  makeIncarnationFiles,
  removeIncarnationFiles,
  type FileRoots,
} from "./incarnation-files.ts";
import type { Reason, Step } from "./plan.ts";
import { waitForBanner, waitForPanel } from "./ready.ts";
import { RuntimeError, type ContainerEnd, type Runtime } from "./runtimes/runtime.ts";

export interface Hands {
  readonly db: Db;
  readonly runtime: Runtime;
  readonly roots: FileRoots;
  readonly timezone: string;
  /** How long a desktop may take to answer after its container started. */
  readonly answerMs: number;
  /** Work that outlives the lease, e.g. waiting for the panel; it ends with the controller. */
  background(task: (signal: AbortSignal) => Promise<void>): void;
}

/** A start that cannot succeed by trying again. */
export class StartFailure extends Error {
  readonly reason: Reason;
  constructor(reason: Reason) {
    super(reason.text);
    this.name = "StartFailure";
    this.reason = reason;
  }
}

const stopGraceSeconds = 5;
const panelLimitMs = 120_000;

async function create({ runtime, roots, timezone }: Hands, spec: InstanceSpec): Promise<string> {
  const files = await makeIncarnationFiles(roots, {
    instanceId: spec.id,
    incarnation: spec.incarnation,
    person: spec.person,
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOSPC" && error.code !== "EDQUOT") throw error;
    throw new RuntimeError("disk_full", "The disk for homes is full.", { cause: error });
  });
  const { username, uid } = spec.person;
  const home = `/home/${username}`;
  return runtime.create({
    instanceId: spec.id,
    incarnation: spec.incarnation,
    environment: spec.environment,
    image: spec.digest,
    person: { username, uid },
    env: {
      USER: username,
      LOGNAME: username,
      HOME: home,
      TZ: timezone,
      ASCI_VNC_PASSWD: vncPasswordFile(spec.vncControl, spec.vncView),
      ...(spec.geometry ? { ASCI_GEOMETRY: spec.geometry } : {}),
    },
    mounts: [
      { source: files.vnc, target: "/run/asci", readOnly: false },
      { source: files.accounts, target: "/var/lib/extrausers", readOnly: true },
      { source: files.home, target: home, readOnly: false },
    ],
    cpuLimit: spec.cpuLimit,
    memoryLimitBytes: spec.memoryLimitBytes,
  });
}

/** Tells when the panel is on the screen; the timeline shows it, nothing depends on it. */
function followPanel({ db, roots, background }: Hands, spec: InstanceSpec): void {
  const folder = incarnationFolder(roots.runDir, spec.id, spec.incarnation);
  background(async (signal) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(panelLimitMs)]);
    await waitForPanel(folder, limit);
    await recordPhase(db, spec.id, spec.incarnation, "panel");
  });
}

async function awaitReady(
  hands: Hands,
  spec: InstanceSpec,
  containerId: string,
  signal: AbortSignal,
): Promise<void> {
  const folder = incarnationFolder(hands.roots.runDir, spec.id, spec.incarnation);
  const done = new AbortController();
  const limit = AbortSignal.any([signal, done.signal, AbortSignal.timeout(hands.answerMs)]);
  // A container that dies at once must not cost the whole limit.
  const died = (async () => {
    while (!limit.aborted) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, 1000);
        limit.addEventListener("abort", () => resolve(clearTimeout(timer)), { once: true });
      });
      if (limit.aborted) return false;
      const current = (await hands.runtime.find(spec.id)).find((it) => it.id === containerId);
      if (!current || current.status === "exited") return true;
      // A stop or a restart that comes meanwhile does not wait for an answer that may never come.
      const wish = await getInstanceSpec(hands.db, spec.id);
      if (wish?.desired !== "running" || wish.wantedIncarnation !== spec.incarnation) return true;
    }
    return false;
  })();
  try {
    const first = await Promise.race([
      waitForBanner(folder, limit).then(() => "ready" as const),
      died.then((gone) => (gone ? ("gone" as const) : new Promise<never>(() => {}))),
    ]);
    if (first === "ready") followPanel(hands, spec);
    else throw new ContainerGone();
  } catch (error) {
    if (error instanceof ContainerGone || signal.aborted) throw error;
    throw new StartFailure({
      code: "desktop_silent",
      text: `the desktop did not answer within ${Math.round(hands.answerMs / 1000)} s`,
    });
  } finally {
    done.abort();
    await died.catch(() => {});
  }
}

/** The container ended, or the wish changed, while it was waited for: the next plan says what follows. */
export class ContainerGone extends Error {}

function meaningOf(end: ContainerEnd): Reason {
  if (end.outOfMemory)
    return { code: "out_of_memory", text: "it used more memory than its environment allows" };
  if (end.error) return { code: "container_error", text: end.error.slice(0, 500) };
  return {
    code: "container_exited",
    text:
      end.exitCode > 128 && end.exitCode <= 192
        ? `it was ended by signal ${end.exitCode - 128} from outside`
        : `it ended with exit code ${end.exitCode}`,
  };
}

async function bury(hands: Hands, lease: Lease, spec: InstanceSpec, containerId: string) {
  const end = await hands.runtime.end(containerId);
  await hands.runtime.remove(containerId);
  await removeIncarnationFiles(hands.roots, spec.id, spec.incarnation);
  const { exitCode } = end;
  const loggedOut = exitCode === 0 && !end.error && spec.state !== "starting";
  if (!loggedOut) {
    await reportState(hands.db, lease, { to: "failed", reason: meaningOf(end), exitCode });
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
      const containerId = await create(hands, spec);
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
  return moved;
}

/** The engine's words are for the person; a fault of our own is for the log. */
function publicText(error: unknown): string {
  return error instanceof RuntimeError
    ? error.message.slice(0, 500)
    : "a fault of ASCI itself; its log tells more";
}

const attemptsOfAStart = 5;

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
  if (starting && code === "image_missing") return { fails: reason };
  return starting && attempts + 1 >= attemptsOfAStart
    ? { fails: reason }
    : { waits: reason, counts: true };
}
