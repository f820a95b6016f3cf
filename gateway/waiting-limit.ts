/** How many of one person's may wait for a place: without an end to it one script could fill the queue. */
import type { Queryable } from "../db/client.ts";
import { countWaiting } from "../db/queue.ts";
import { ProblemError } from "./problem.ts";

export const mostWaiting = 50;
const code = "too_many_waiting";

/**
 * Asked after the wish was written, in its transaction: of several at once each sees those before it.
 * @throws ProblemError 409
 */
export async function refuseTooMany(tx: Queryable, userId: string): Promise<void> {
  if ((await countWaiting(tx, userId)) <= mostWaiting) return;
  throw new ProblemError(
    409,
    code,
    `You have ${mostWaiting} waiting for a place, which is as many as one person may. Stop one of them, or wait until some have started.`,
  );
}

export const isTooMany = (error: unknown): error is ProblemError =>
  error instanceof ProblemError && error.code === code;

/** Of a call's answer 409 in the API's document. */
export const tooManyMeaning = `The state does not allow it; or (\`${code}\`) ${mostWaiting} of the caller's wait for a place already, which is as many as one person may have waiting`;
