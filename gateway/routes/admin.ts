import { Hono } from "hono";
import { writeAudit } from "../../db/audit.ts";
import { retrying, sqlState } from "../../db/errors.ts";
import { revokeSignIns } from "../../db/sign-ins.ts";
import { getUser, insertUser, listUsers, updateUser, type UserOrder } from "../../db/users.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { auditedCaller, signedIn } from "../middleware/signed-in.ts";
import { notFound, ProblemError } from "../problem.ts";
import {
  adminUserSchema,
  createUserBody,
  patchUserBody,
  type AdminUser,
} from "../admin-schemas.ts";
import { listOf } from "../schemas.ts";
import {
  jsonBody,
  orderCursorOf,
  orderOf,
  page,
  pathId,
  queryOf,
  userListQuery,
} from "../validation.ts";

/** A taken name or address, as a 409 that says which. */
async function orTaken<T>(attempt: Promise<T>): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    const state = sqlState(error);
    if (state?.code !== "23505") throw error;
    const [code, what] = state.constraint.includes("email")
      ? ["email_taken", "e-mail address"]
      : ["username_taken", "user name"];
    throw new ProblemError(409, code, `Another account has this ${what}. Choose another one.`);
  }
}

function userRoutes(deps: Deps) {
  const tag = "Administration: people";
  return new Hono<AppEnv>()
    .get(
      "/users",
      describe({
        tag,
        summary: "People",
        status: 200,
        body: listOf(adminUserSchema),
        refusals: [400, 401, 403],
      }),
      queryOf(userListQuery),
      async (c) => {
        const { limit, cursor, search, sort } = c.req.valid("query");
        const rows = await listUsers(deps.db, {
          search,
          limit: limit + 1,
          ...orderOf<UserOrder>(sort, cursor, ["name"]),
        });
        const { items, nextCursor } = page(rows, limit, orderCursorOf(sort));
        const shown = items.map(({ at: _at, ...it }) => it as AdminUser);
        return c.json({ items: shown, nextCursor }, 200);
      },
    )
    .post(
      "/users",
      describe({
        tag,
        summary: "Add a local account; usable at once",
        status: 201,
        body: adminUserSchema,
        refusals: [400, 401, 403, 409, 413],
      }),
      jsonBody(createUserBody),
      async (c) => {
        const body = c.req.valid("json");
        const passwordHash = await deps.passwords.hash(body.password);
        const user = await orTaken(
          deps.db.transaction(async (tx) => {
            const made = await insertUser(tx, {
              username: body.username,
              displayName: body.displayName ?? body.username,
              email: body.email ?? null,
              roles: [...new Set(body.roles)],
              passwordHash,
            });
            await writeAudit(tx, {
              ...auditedCaller(c),
              action: "user.create",
              outcome: "allowed",
              subjectKind: "user",
              subjectId: made.id,
              detail: { username: made.username, roles: made.roles },
            });
            return made;
          }),
        );
        return c.json(user as AdminUser, 201);
      },
    )
    .get(
      "/users/:id",
      describe({
        tag,
        summary: "One person",
        status: 200,
        body: adminUserSchema,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const user = await getUser(deps.db, pathId(c.req.param("id"), "person"));
        if (!user) throw notFound("person");
        return c.json(user as AdminUser, 200);
      },
    )
    .patch(
      "/users/:id",
      describe({
        tag,
        summary: "Change a person",
        description:
          "Disabling, or a new password, ends their sign-ins and open desktops' connections at once.",
        status: 200,
        body: adminUserSchema,
        refusals: [400, 401, 403, 404, 409, 413],
      }),
      jsonBody(patchUserBody),
      async (c) => {
        const id = pathId(c.req.param("id"), "person");
        const { password, ...patch } = c.req.valid("json");
        if (signedIn(c).kind === "token" && (password ?? patch.roles) !== undefined)
          throw new ProblemError(
            403,
            "token_not_allowed",
            "Passwords and roles cannot be set with an access token. Sign in with a browser.",
          );
        const passwordHash = password ? await deps.passwords.hash(password) : undefined;
        const user = await orTaken(
          retrying(() =>
            deps.db.transaction(async (tx) => {
              const made = await updateUser(tx, id, { ...patch, passwordHash });
              if (made === "unknown" || made === "last_admin") return made;
              await writeAudit(tx, {
                ...auditedCaller(c),
                action: "user.change",
                outcome: "allowed",
                subjectKind: "user",
                subjectId: id,
                detail: { ...patch, ...(password ? { password: "changed" } : {}) },
              });
              return made;
            }),
          ),
        );
        if (user === "unknown") throw notFound("person");
        if (user === "last_admin")
          throw new ProblemError(
            409,
            "last_admin",
            "This is the only administrator who can sign in. Give someone else the role first.",
          );
        return c.json(user as AdminUser, 200);
      },
    )
    .post(
      "/users/:id/logout",
      describe({
        tag,
        summary: "Sign a person out everywhere",
        description:
          "Every cookie of theirs is dead at once, and their connections to desktops are closed within a second. The desktops run on, and they may sign in again: to keep someone out, disable them.",
        status: 204,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "person");
        const known = await deps.db.transaction(async (tx) => {
          const signIns = await revokeSignIns(tx, id, "all");
          if (signIns === undefined) return false;
          await writeAudit(tx, {
            ...auditedCaller(c),
            action: "user.sign_out",
            outcome: "allowed",
            subjectKind: "user",
            subjectId: id,
            detail: { signIns },
          });
          return true;
        });
        if (!known) throw notFound("person");
        return c.body(null, 204);
      },
    );
}

export function adminRoutes(deps: Deps) {
  return new Hono<AppEnv>().route("/admin", userRoutes(deps));
}
