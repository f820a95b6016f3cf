/** Waits for a started container to become a desktop that answers. */
import { setTimeout as pause } from "node:timers/promises";
import { getInstanceSpec, recordPhase, type InstanceSpec } from "../db/node-instances.ts";
import type { Hands } from "./execute.ts";
import { incarnationFolder } from "./incarnation-files.ts";
import type { Reason } from "./plan.ts";
import { waitForBanner, waitForPanel } from "./ready.ts";

const panelLimitMs = 120_000;
const lookMs = 1000;

/** A start that cannot succeed by trying again. */
export class StartFailure extends Error {
  readonly reason: Reason;
  constructor(reason: Reason) {
    super(reason.text);
    this.name = "StartFailure";
    this.reason = reason;
  }
}

/** The container ended, or the wish changed, while it was waited for: the next plan says what follows. */
export class ContainerGone extends Error {}

/** Tells when the panel is on the screen; the timeline shows it, nothing depends on it. */
function followPanel({ db, roots, background, stockUp }: Hands, spec: InstanceSpec): void {
  const folder = incarnationFolder(roots.runDir, spec.id, spec.incarnation);
  background(async (signal) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(panelLimitMs)]);
    // The next start is seen to once this one has its screen.
    await waitForPanel(folder, limit).finally(stockUp);
    await recordPhase(db, spec.id, spec.incarnation, "panel");
  });
}

/** Resolves when the container has ended or is no longer wanted; never where the signal aborts first. */
async function untilUnwanted(
  hands: Hands,
  spec: InstanceSpec,
  containerId: string,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await pause(lookMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return new Promise(() => {});
    try {
      const current = (await hands.runtime.find(spec.id)).find((it) => it.id === containerId);
      if (!current || current.status === "exited") return;
      // A stop or a restart that comes meanwhile does not wait for an answer that may never come.
      const wish = await getInstanceSpec(hands.db, spec.id);
      if (wish?.desired !== "running" || wish.wantedIncarnation !== spec.incarnation) return;
    } catch {
      // The engine restarts, or the database: the desktop may come up all the same.
    }
  }
}

/**
 * Waits until the desktop answers with its banner, and goes on watching for its panel.
 * @throws ContainerGone
 * @throws StartFailure `desktop_silent`
 */
export async function awaitReady(
  hands: Hands,
  spec: InstanceSpec,
  containerId: string,
  signal: AbortSignal,
): Promise<void> {
  const folder = incarnationFolder(hands.roots.runDir, spec.id, spec.incarnation);
  const done = new AbortController();
  const late = AbortSignal.timeout(hands.answerMs);
  const limit = AbortSignal.any([signal, done.signal, late]);
  // A container that dies at once must not cost the whole limit.
  const gone = untilUnwanted(hands, spec, containerId, limit).then(() => {
    throw new ContainerGone();
  });
  try {
    await Promise.race([waitForBanner(folder, limit), gone]);
  } catch (error) {
    if (error instanceof ContainerGone || signal.aborted || !late.aborted) throw error;
    throw new StartFailure({
      code: "desktop_silent",
      text: `the desktop did not answer within ${Math.round(hands.answerMs / 1000)} s`,
    });
  } finally {
    done.abort();
  }
  followPanel(hands, spec);
}
