/** What becomes of a request in a round of placing. */
import type { RefusalReason, WaitReason } from "./explain.ts";
import type { Refused } from "./filter.ts";
import type { Begun } from "./gather.ts";
import type { Candidate, GpuGrant, Request, Scored, Size } from "./types.ts";

interface Decided {
  readonly request: Request;
  /** Names of the rules that hold for it, in order. */
  readonly rules: readonly string[];
}
export interface Placement extends Decided {
  readonly kind: "placed";
  readonly node: Candidate;
  readonly size: Size;
  readonly gpus: readonly GpuGrant[];
  readonly strategy: "pack" | "spread";
  readonly refused: Refused;
  /** The best five. */
  readonly best: readonly Scored[];
  readonly maxMinutes: number | null;
  /** The rule by which the node becomes the experiment's own with this placement. */
  readonly dedicate: { readonly ruleId: string; readonly ruleName: string } | null;
}
export type Decision =
  | Placement
  | (Decided & {
      readonly kind: "waits";
      readonly reason: WaitReason;
      /** A node that takes nothing else for it from now on. */
      readonly begun?: Begun;
    })
  | (Decided & { readonly kind: "refused"; readonly reason: RefusalReason });
