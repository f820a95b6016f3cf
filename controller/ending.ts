/** What the end of a container means, in words for its person. Pure. */
import type { Reason } from "./plan.ts";
import type { ContainerEnd } from "./runtimes/runtime.ts";

/** What a controller knows of the time in which a container ended. */
export interface Circumstances {
  /** Whether the engine was out of reach at that time, or just about to be. */
  engineAway(at: Date): boolean;
  /** When this node was last started. */
  readonly bootedAt: Date;
}

export function meaningOf(end: ContainerEnd, { engineAway, bootedAt }: Circumstances): Reason {
  if (end.outOfMemory)
    return { code: "out_of_memory", text: "it used more memory than its environment allows" };
  if (end.error) return { code: "container_error", text: end.error.slice(0, 500) };
  if (end.startedAt && end.startedAt < bootedAt)
    return { code: "engine_restarted", text: "it ended when its node was restarted" };
  if (end.finishedAt && engineAway(end.finishedAt))
    return {
      code: "engine_restarted",
      text: "it ended while its node's container engine was stopped or restarted",
    };
  return {
    code: "container_exited",
    text:
      end.exitCode > 128 && end.exitCode <= 192
        ? `it was ended by signal ${end.exitCode - 128} from outside`
        : `it ended with exit code ${end.exitCode}`,
  };
}
