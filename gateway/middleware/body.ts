import { bodyLimit } from "hono/body-limit";
import { ProblemError } from "../problem.ts";

/** Refuses what is longer, as soon as that is known. */
export const limitBody = (mebibytes: number) =>
  bodyLimit({
    maxSize: mebibytes * 1024 * 1024,
    onError: () => {
      // The rest of the body is not read, so this connection cannot carry another request.
      throw new ProblemError(413, "too_large", `The body is over ${mebibytes} MiB.`, {
        headers: { connection: "close" },
      });
    },
  });
