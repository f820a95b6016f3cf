import { Hono } from "hono";
import { writeAudit } from "../../db/audit.ts";
import { retrying } from "../../db/errors.ts";
import { applySync, type SyncFault } from "../../db/sync.ts";
import { orConflict, type Conflicts } from "../audited.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { auditedCaller } from "../middleware/signed-in.ts";
import { ProblemError } from "../problem.ts";
import { syncBody, syncSchema } from "../admin-schemas.ts";
import { jsonBody } from "../validation.ts";

function wordsOf({ code, value }: SyncFault): string {
  switch (code) {
    case "unknown_beamline":
      return `there is no beamline ${value}: name it in beamlines as well`;
    case "unknown_person":
      return `there is no person ${value}: name them in people as well`;
    case "uid_taken":
      return `belongs to ${value} already`;
    case "uid_differs":
      return `this person has the uid ${value}, which never changes: their files belong to it`;
    case "gid_taken":
      return `${value} stands for somebody else or another group already`;
    case "email_taken":
      return `is the address of ${value} already`;
    case "username_taken":
      return `is the name of ${value} here`;
  }
}

/** Somebody else made an account between the look and the write. */
const conflicts: Conflicts = {
  users_email_key: ["email_taken", "An e-mail address was taken meanwhile. Send the batch again."],
  posix_ids_pkey: ["id_taken", "A uid or gid was taken meanwhile. Send the batch again."],
  users_uid_key: ["uid_taken", "A uid was taken meanwhile. Send the batch again."],
};

export function syncRoutes(deps: Deps) {
  return new Hono<AppEnv>().post(
    "/admin/experiments/sync",
    describe({
      tag: "Administration: experiments",
      summary: "Synchronise with the facility's user office",
      description:
        "A batch of at most 1000 experiments is made true as a whole or not at all; the same batch again changes nothing. Of an experiment that is named, `members` are all who take part: others are removed. What is not named stays. People who are not known yet get an account without a password. `dryRun` answers what would happen.",
      status: 200,
      body: syncSchema,
      refusals: [400, 401, 403, 409, 413],
    }),
    jsonBody(syncBody),
    async (c) => {
      const { dryRun, ...batch } = c.req.valid("json");
      const sync = retrying(() =>
        applySync(deps.db, batch, {
          dryRun,
          also: (tx, effect, { added, removed }) =>
            writeAudit(tx, {
              ...auditedCaller(c),
              action: "experiments.sync",
              outcome: "allowed",
              detail: { ...effect, added, removed },
            }),
        }),
      );
      const outcome = await orConflict(conflicts, sync);
      if ("effect" in outcome) return c.json({ dryRun, ...outcome.effect }, 200);
      const errors = outcome.faults.map((it) => ({ path: it.path, message: wordsOf(it) }));
      const [first] = errors;
      throw new ProblemError(400, "validation", `${first?.path}: ${first?.message}.`, { errors });
    },
  );
}
