import { Hono } from "hono";
import { writeAudit } from "../../db/audit.ts";
import {
  insertToken,
  listOwnSignIns,
  revokeOwnSignIn,
  type OwnSignInRow,
} from "../../db/own-sign-ins.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { auditedCaller, hashToken, newSignInToken, signedIn } from "../middleware/signed-in.ts";
import { scopeIsFor } from "../policy.ts";
import { notFound, ProblemError } from "../problem.ts";
import {
  listOf,
  newTokenSchema,
  tokenBody,
  tokenSchema,
  type AccessToken,
  type Scope,
} from "../schemas.ts";
import {
  decodeCursor,
  jsonBody,
  page,
  pageQuery,
  pathId,
  queryOf,
  uuidShape,
} from "../validation.ts";

const dayMs = 24 * 3600 * 1000;
const longestDays = 366;
const usualDays = 90;
/** Of one person at a time. */
const allowedTokens = 50;

function shown({ id, name, scopes, createdAt, lastSeenAt, expiresAt }: OwnSignInRow): AccessToken {
  return {
    id,
    name: name ?? "",
    scopes: scopes as Scope[],
    createdAt,
    // Set when it is made, as a browser's is.
    lastUsedAt: lastSeenAt === createdAt ? null : lastSeenAt,
    expiresAt,
  };
}

/** @throws ProblemError 400 */
function expiryOf(asked: string | undefined): string {
  const now = Date.now();
  const at = asked === undefined ? now + usualDays * dayMs : Date.parse(asked);
  const fault = (message: string) =>
    new ProblemError(400, "validation", `expiresAt: ${message}.`, {
      errors: [{ path: "expiresAt", message }],
    });
  if (at <= now) throw fault("must lie ahead");
  if (at > now + longestDays * dayMs) throw fault(`at most ${longestDays} days ahead`);
  return new Date(at).toISOString();
}

/** @throws ProblemError 403 */
function refuseIdleScopes(asked: readonly Scope[], roles: readonly string[]): void {
  const idle = asked.filter((it) => !scopeIsFor(it, roles));
  if (idle.length > 0)
    throw new ProblemError(
      403,
      "role_missing",
      `Your roles allow nothing that needs the scope ${idle.join(" or ")}. Leave it out.`,
    );
}

export function tokenRoutes(deps: Deps) {
  const tag = "Access tokens";
  return new Hono<AppEnv>()
    .get(
      "/tokens",
      describe({
        tag,
        summary: "The caller's tokens, newest first; without their secrets",
        status: 200,
        body: listOf(tokenSchema),
        refusals: [400, 401, 403],
      }),
      queryOf(pageQuery),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const rows = await listOwnSignIns(
          deps.db,
          { userId: signedIn(c).person.id, kind: "token" },
          { limit: limit + 1, cursor: decodeCursor(cursor, uuidShape) },
        );
        return c.json(
          page(rows.map(shown), limit, (it) => it.id),
          200,
        );
      },
    )
    .post(
      "/tokens",
      describe({
        tag,
        summary: "Make a token for scripts and health checks",
        description:
          "Send it as `Authorization: Bearer TOKEN`. It is answered this once, and only its hash is kept. It may do what its scopes name and its person may: `read` looks, `desktops` starts, stops and connects, `admin` administers, `monitor` reads the metrics.",
        status: 201,
        body: newTokenSchema,
        refusals: [400, 401, 403, 409, 413],
      }),
      jsonBody(tokenBody),
      async (c) => {
        const body = c.req.valid("json");
        const { person } = signedIn(c);
        const scopes = [...new Set(body.scopes)];
        refuseIdleScopes(scopes, person.roles);
        const expiresAt = expiryOf(body.expiresAt);
        const token = `asci_${newSignInToken()}`;
        const wish = {
          userId: person.id,
          name: body.name,
          scopes,
          tokenHash: await hashToken(token),
          expiresAt,
          address: c.get("peer").address,
          userAgent: null,
        };
        const made = await deps.db.transaction(async (tx) => {
          const row = await insertToken(tx, wish, allowedTokens);
          if (!row) return undefined;
          await writeAudit(tx, {
            ...auditedCaller(c),
            action: "token.create",
            outcome: "allowed",
            subjectKind: "token",
            subjectId: row.id,
            detail: { name: body.name, scopes, expiresAt },
          });
          return row;
        });
        if (!made)
          throw new ProblemError(
            409,
            "too_many_tokens",
            `You have ${allowedTokens} tokens, which is as many as one person may. Revoke one first.`,
          );
        return c.json({ ...shown(made), token }, 201);
      },
    )
    .delete(
      "/tokens/:id",
      describe({
        tag,
        summary: "Revoke a token; it is dead at once",
        status: 204,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "token");
        const userId = signedIn(c).person.id;
        const ended = await deps.db.transaction(async (tx) => {
          if (!(await revokeOwnSignIn(tx, { userId, kind: "token", id }))) return false;
          await writeAudit(tx, {
            ...auditedCaller(c),
            action: "token.revoke",
            outcome: "allowed",
            subjectKind: "token",
            subjectId: id,
          });
          return true;
        });
        if (!ended) throw notFound("token");
        return c.body(null, 204);
      },
    );
}
