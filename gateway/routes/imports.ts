import { Hono, type Context } from "hono";
import { writeAudit, writeRefusal } from "../../db/audit.ts";
import { retrying, sqlState } from "../../db/errors.ts";
import type { ImportKind } from "../../db/import-queries.ts";
import { applyImport, type ImportOutcome } from "../../db/import.ts";
import { orConflict, reachOf, type Conflicts } from "../audited.ts";
import { knowsCharset } from "../csv-bytes.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { answerOf, refusalOf } from "../import-answer.ts";
import { readImport, type ImportFile } from "../import-file.ts";
import {
  importMembersQuery,
  importProblemSchema,
  importQuery,
  importSchema,
  type ImportAnswer,
} from "../import-schemas.ts";
import { limitBody } from "../middleware/body.ts";
import { auditedCaller } from "../middleware/signed-in.ts";
import { ProblemError } from "../problem.ts";
import { queryOf } from "../validation.ts";

export const importPath = "/api/admin/import/";
const mostMebibytes = 8;

const meanwhile = "Send the file again: somebody else wrote meanwhile what was free.";
/** Somebody else made an account or an experiment between the look and the write. */
const conflicts: Conflicts = {
  users_email_key: ["email_taken", meanwhile],
  users_uid_key: ["uid_taken", meanwhile],
  posix_ids_pkey: ["uid_taken", meanwhile],
  users_username_key: ["username_taken", meanwhile],
  experiment_codes: ["code_taken", meanwhile],
};

/** @throws ProblemError 415 */
function charsetOf(c: Context<AppEnv>): string {
  const header = c.req.header("content-type") ?? "";
  const [type = "", ...parameters] = header.split(";").map((it) => it.trim());
  const [, charset = "utf-8"] =
    parameters.map((it) => /^charset\s*=\s*"?([^"]*)"?$/i.exec(it)).find(Boolean) ?? [];
  if (type.toLowerCase() === "text/csv" && knowsCharset(charset)) return charset;
  throw new ProblemError(
    415,
    "media_type",
    type.toLowerCase() === "text/csv"
      ? `The charset ${charset.slice(0, 40)} is not known here. Save the file as UTF-8; UTF-16 and windows-1252 are read as well.`
      : "The body has to be CSV, sent with Content-Type: text/csv.",
  );
}

/** What staff may not write is an attempt, in the trail as others are. */
async function noteRefusal(deps: Deps, c: Context<AppEnv>, kind: ImportKind): Promise<void> {
  await writeRefusal(deps.db, {
    ...auditedCaller(c),
    action: `import.${kind}`,
    outcome: "refused",
    detail: { reason: "role_missing" },
  });
}

/** @throws ProblemError 409 where another one is being written for longer than the database lets this one wait */
async function orRunning<T>(attempt: Promise<T>): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    // lock_not_available
    if (sqlState(error)?.code !== "55P03") throw error;
    const words = "Another import or synchronisation is being written. Send the file again soon.";
    throw new ProblemError(409, "import_running", words);
  }
}

/** Of members: whose membership came, got another end, or went. */
function whoseChanged(file: ImportFile, { effects, removed }: ImportOutcome) {
  const those = (effect: string) =>
    file.lines.filter((_, n) => effects[n]?.effect === effect).map((it) => it.subject);
  return { added: those("create"), altered: those("change"), removed };
}

/** @throws ProblemError 400 with the faults where it is no dry run and there are any; 409; 415 */
async function importFile(
  deps: Deps,
  c: Context<AppEnv>,
  { kind, dryRun, replace }: { kind: ImportKind; dryRun: boolean; replace: boolean },
): Promise<ImportAnswer> {
  const charset = charsetOf(c);
  const reach = reachOf(c);
  const bytes = new Uint8Array(await c.req.arrayBuffer());
  const file = readImport(kind, bytes, { charset, administers: reach === "all" });
  const told = (outcome: ImportOutcome, dryRun: boolean) => {
    const faults = [...file.faults, ...outcome.faults.map(file.faultOf)];
    return answerOf(file, outcome, { faults, dryRun, replace });
  };
  const work = retrying(() =>
    applyImport(deps.db, file.rows, {
      kind,
      reach,
      replace,
      dryRun: dryRun || file.faults.length > 0,
      also: (tx, outcome) => {
        const { faults: _, ...counts } = told(outcome, false).counts;
        const who = kind === "members" ? whoseChanged(file, outcome) : {};
        return writeAudit(tx, {
          ...auditedCaller(c),
          action: `import.${kind}`,
          outcome: "allowed",
          detail: { ...counts, ...(replace ? { mode: "replace" } : {}), ...who },
        });
      },
    }),
  );
  const answer = told(await orConflict(conflicts, orRunning(work)), dryRun);
  if (dryRun || answer.counts.faults === 0) return answer;
  if (answer.faults.some((it) => it.code === "role_missing")) await noteRefusal(deps, c, kind);
  throw refusalOf(answer);
}

const examples: Readonly<Record<ImportKind, string>> = {
  people: "username,displayName,email,uid\r\nada,Ada L.,ada@example.org,5001\r\n",
  beamlines: "code,name\r\nIMBL,Imaging and Medical\r\n",
  experiments:
    "code,beamline,title,startsAt,endsAt\r\n18342,IMBL,Lungs at rest,2026-11-01T08:00:00+11:00,2026-11-04\r\n",
  members: "experiment,username,until\r\n18342,ada,\r\n",
};

const described = (kind: ImportKind, more: string) =>
  describe({
    tag: "Administration: import",
    summary: `Import ${kind} from CSV`,
    description: `The first line names the columns, in any order: docs/experiments.md has them. Written as a whole or, with any fault, not at all; the same file again changes nothing. With \`dryRun=true\` nothing is written, and faults are told with status 200. ${more}`,
    status: 200,
    body: importSchema,
    takes: { media: "text/csv", example: examples[kind] },
    refusals: [400, 401, 403, 409, 413],
    meanings: {
      400: ["Faults, by line and column: nothing was written", importProblemSchema],
      413: [`Body over ${mostMebibytes} MiB`],
      415: ["The body is not CSV, or in a charset that is not read"],
    },
  });

/** No line is ever taken for a wish to delete, but a member's that is not there, with `mode=replace`. */
export function importRoutes(deps: Deps) {
  const limited = limitBody(mostMebibytes);
  const plain = (c: Context<AppEnv>, kind: ImportKind, dryRun: "true" | "false") =>
    importFile(deps, c, { kind, dryRun: dryRun === "true", replace: false });
  return new Hono<AppEnv>()
    .post(
      "/admin/import/people",
      described("people", "New people get an account without a password."),
      limited,
      queryOf(importQuery),
      async (c) => c.json(await plain(c, "people", c.req.valid("query").dryRun), 200),
    )
    .post(
      "/admin/import/beamlines",
      described("beamlines", ""),
      limited,
      queryOf(importQuery),
      async (c) => c.json(await plain(c, "beamlines", c.req.valid("query").dryRun), 200),
    )
    .post(
      "/admin/import/experiments",
      described("experiments", "To staff of their beamlines, without dataPath and dataAccess."),
      limited,
      queryOf(importQuery),
      async (c) => c.json(await plain(c, "experiments", c.req.valid("query").dryRun), 200),
    )
    .post(
      "/admin/import/members",
      described(
        "members",
        "Adds members; with `mode=replace`, who is not named with an experiment that is, is its member no longer.",
      ),
      limited,
      queryOf(importMembersQuery),
      async (c) => {
        const { dryRun, mode } = c.req.valid("query");
        const options = { dryRun: dryRun === "true", replace: mode === "replace" } as const;
        return c.json(await importFile(deps, c, { kind: "members", ...options }), 200);
      },
    );
}
