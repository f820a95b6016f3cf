/** Whether a start may be, and why not: asked before one, and by whoever is to agree to one. */
import type { Queryable } from "../db/client.ts";
import { mayStart, type StartVerdict } from "../db/entitlement.ts";
import { ProblemError } from "./problem.ts";

/** What is to be started. */
export interface StartWish {
  readonly environment: string;
  readonly version?: string | undefined;
  readonly experiment?: string | undefined;
}

/** On which it is started, and the experiments that run there now. */
export interface StartStation {
  readonly id: string;
  readonly name: string;
  readonly experiments: readonly { readonly id: string }[];
}

export type StartJudgement =
  | (StartVerdict & { readonly allowed: true })
  | { readonly allowed: false; readonly reason: string; readonly refusal: ProblemError };

/** Why not, in the caller's words. What they may not know of is not there. */
function refusalOf(
  { code, experiments }: StartVerdict & { readonly allowed: false },
  body: StartWish,
): ProblemError {
  const environment = body.environment.slice(0, 100);
  const experiment = body.experiment?.slice(0, 100) ?? "";
  const some = experiments.slice(0, 5).join(", ") + (experiments.length > 5 ? ", …" : "");
  switch (code) {
    case "unknown_environment":
    case "not_entitled":
      return new ProblemError(
        404,
        "unknown_environment",
        `There is no environment ${environment} that you may start.`,
      );
    case "unknown_version":
      return new ProblemError(
        404,
        code,
        `${environment} has no version ${body.version ?? "at all yet"}.`,
      );
    case "unknown_experiment":
    case "not_a_member":
      return new ProblemError(
        404,
        "unknown_experiment",
        `There is no experiment ${experiment} of yours.`,
      );
    case "not_for_experiment":
      return new ProblemError(
        409,
        code,
        `${environment} is not open to experiment ${experiment}. With it you may start it for: ${some}.`,
      );
    case "experiment_needed":
      return new ProblemError(
        409,
        code,
        `${environment} is started for an experiment. Name one of yours: ${some}.`,
      );
  }
}

const notHere = () =>
  new ProblemError(
    409,
    "not_running_here",
    "A station starts desktops for an experiment that runs there now. Name one of those.",
  );

export async function judgeStart(
  db: Queryable,
  it: { readonly userId: string; readonly body: StartWish; readonly station?: StartStation },
): Promise<StartJudgement> {
  const { userId, body, station } = it;
  const verdict = await mayStart(db, {
    userId,
    environment: body.environment,
    version: body.version ?? null,
    experiment: body.experiment ?? null,
  });
  if (!verdict.allowed)
    return { allowed: false, reason: verdict.code, refusal: refusalOf(verdict, body) };
  if (station && !station.experiments.some((x) => x.id === verdict.experimentId))
    return { allowed: false, reason: "not_running_here", refusal: notHere() };
  return verdict;
}
