import { ProblemError } from "./problem.ts";

/**
 * For everything that a request waits for. Statements are limited by the database itself; what it never
 * gets to see, because something in between takes connections and drops them, is limited here.
 */
const answerLimitMs = 15_000;

function tooSlow(): ProblemError {
  return new ProblemError(
    503,
    "timeout",
    "This took too long, so it is not known what came of it. Look at the page again before you repeat it.",
    { headers: { "retry-after": "5" } },
  );
}

/**
 * @returns what `work` does
 * @throws ProblemError 503 where it takes longer; it then goes on unheard
 */
export async function withinTimeLimit<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow()), answerLimitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
