import { Hono } from "hono";
import { z } from "zod";
import {
  listAudit,
  listInstanceAudit,
  type AuditFilter,
  type AuditRow,
} from "../../db/audit-trail.ts";
import { loggable } from "../../db/errors.ts";
import { writeAudit } from "../../db/audit.ts";
import { csvLine } from "../csv.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { auditedCaller, signedIn } from "../middleware/signed-in.ts";
import { notFound } from "../problem.ts";
import { auditFilterQuery, auditSchema } from "../admin-schemas.ts";
import { listOf } from "../schemas.ts";
import { decodeCursor, page, pageQuery, pathId, queryOf } from "../validation.ts";

const tag = "Audit";
const cursorShape = /^\d{1,18}$/;
/** Rows of an export that are in memory at once. */
const batch = 1000;

const columns = [
  "id",
  "at",
  "actor",
  "action",
  "outcome",
  "subjectKind",
  "subjectId",
  "subject",
  "address",
  "requestId",
  "signInId",
] as const;

const recordOf = (row: AuditRow): string =>
  csvLine([...columns.map((it) => row[it]), row.detail && JSON.stringify(row.detail)]);

function filterOf(it: z.infer<typeof auditFilterQuery>): AuditFilter {
  const { search, action, actor, outcome, subjectId, from, until } = it;
  return {
    search,
    action: action ?? null,
    actor: actor ?? null,
    outcome: outcome ?? null,
    subjectId: subjectId ?? null,
    from: from ?? null,
    until: until ?? null,
  };
}

/**
 * The rows as they are read. Where that fails the body breaks off with an error: the answer's head is
 * gone by then, and one that ended well would be taken for whole.
 */
function csvOf(deps: Deps, filter: AuditFilter): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let head = csvLine([...columns, "detail"]);
  let cursor: string | null = null;
  return new ReadableStream({
    async pull(out) {
      try {
        const rows = await listAudit(deps.db, filter, { limit: batch, cursor });
        out.enqueue(encoder.encode(head + rows.map(recordOf).join("")));
        head = "";
        cursor = rows.at(-1)?.id ?? null;
        if (rows.length < batch) out.close();
      } catch (error) {
        deps.log.error({ err: loggable(error) }, "an export of the audit trail broke off");
        // The runtime writes down what it is given here, which must not hold the statement's parameters.
        out.error(new Error("the export broke off"));
      }
    },
  });
}

function exportRoute(deps: Deps) {
  return new Hono<AppEnv>().get(
    "/admin/audit/export",
    describe({
      tag,
      summary: "The audit trail as CSV, newest first, filtered as the list is",
      status: 200,
      body: z.string(),
      media: "text/csv",
      refusals: [400, 401, 403],
    }),
    queryOf(auditFilterQuery),
    async (c) => {
      const filter = filterOf(c.req.valid("query"));
      // Whoever takes the trail away leaves a trace in it.
      await writeAudit(deps.db, {
        ...auditedCaller(c),
        action: "audit.export",
        outcome: "allowed",
        detail: { ...filter },
      });
      return c.body(csvOf(deps, filter), 200, {
        "content-type": "text/csv; charset=utf-8; header=present",
        "content-disposition": 'attachment; filename="asci-audit.csv"',
      });
    },
  );
}

export function auditRoutes(deps: Deps) {
  return new Hono<AppEnv>()
    .get(
      "/admin/audit",
      describe({
        tag,
        summary: "The audit trail, newest first",
        description:
          "`action` may end in `*`, e.g. `instance.*`; `actor` is a user name; `from` and `until` are times.",
        status: 200,
        body: listOf(auditSchema),
        refusals: [400, 401, 403],
      }),
      queryOf(auditFilterQuery),
      async (c) => {
        const query = c.req.valid("query");
        const cursor = decodeCursor(query.cursor, cursorShape);
        const rows = await listAudit(deps.db, filterOf(query), { limit: query.limit + 1, cursor });
        return c.json(
          page(rows, query.limit, (it) => it.id),
          200,
        );
      },
    )
    .route("/", exportRoute(deps))
    .get(
      "/instances/:id/audit",
      describe({
        tag,
        summary: "Who did what to this instance of the caller's, newest first",
        status: 200,
        body: listOf(auditSchema),
        refusals: [400, 401, 403, 404],
      }),
      queryOf(pageQuery),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const rows = await listInstanceAudit(
          deps.db,
          { userId: signedIn(c).person.id, instanceId: pathId(c.req.param("id"), "instance") },
          { limit: limit + 1, cursor: decodeCursor(cursor, cursorShape) },
        );
        if (!rows) throw notFound("instance");
        return c.json(
          page(rows, limit, (it) => it.id),
          200,
        );
      },
    );
}
