import { Hono } from "hono";
import { deleteGroup, getGroup, insertGroup, listGroups, updateGroup } from "../../db/groups.ts";
import { setRoster } from "../../db/rosters.ts";
import { audited, orConflict, refuseUnknownPeople, type Conflicts } from "../audited.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { notFound } from "../problem.ts";
import { groupBody, groupSchema, patchGroupBody } from "../admin-schemas.ts";
import { listOf } from "../schemas.ts";
import { decodeCursor, jsonBody, page, pathId, queryOf, searchQuery } from "../validation.ts";

const conflicts: Conflicts = {
  groups_name_key: ["name_taken", "Another group has this name. Choose another one."],
  posix_ids_pkey: [
    "gid_taken",
    "The gid stands for somebody else or another group already. Choose another one, or none.",
  ],
  groups_gid_key: ["gid_taken", "Another group has this gid. Choose another one, or none."],
};

export function groupRoutes(deps: Deps) {
  const tag = "Administration: groups";
  const subjectKind = "group";
  return new Hono<AppEnv>()
    .get(
      "/admin/groups",
      describe({
        tag,
        summary: "Groups, by name",
        status: 200,
        body: listOf(groupSchema),
        refusals: [400, 401, 403],
      }),
      queryOf(searchQuery),
      async (c) => {
        const { limit, cursor, search, sort } = c.req.valid("query");
        const rows = await listGroups(deps.db, {
          search,
          limit: limit + 1,
          cursor: decodeCursor(cursor),
          descending: sort === "-name",
        });
        return c.json(
          page(rows, limit, (it) => it.name),
          200,
        );
      },
    )
    .post(
      "/admin/groups",
      describe({
        tag,
        summary: "Add a group",
        status: 201,
        body: groupSchema,
        refusals: [400, 401, 403, 409, 413],
      }),
      jsonBody(groupBody),
      async (c) => {
        const body = c.req.valid("json");
        const act = { action: "group.create", subjectKind, detail: body };
        const id = await orConflict(
          conflicts,
          audited(deps, c, act, async (tx) => {
            const made = await insertGroup(tx, body);
            refuseUnknownPeople(await setRoster(tx, "group", made, body.members), "members");
            return made;
          }),
        );
        const made = await getGroup(deps.db, id ?? "");
        if (!made) throw notFound("group");
        return c.json(made, 201);
      },
    )
    .get(
      "/admin/groups/:id",
      describe({
        tag,
        summary: "One group",
        status: 200,
        body: groupSchema,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const found = await getGroup(deps.db, pathId(c.req.param("id"), "group"));
        if (!found) throw notFound("group");
        return c.json(found, 200);
      },
    )
    .patch(
      "/admin/groups/:id",
      describe({
        tag,
        summary: "Change a group; `members` are all who belong to it",
        status: 200,
        body: groupSchema,
        refusals: [400, 401, 403, 404, 413],
      }),
      jsonBody(patchGroupBody),
      async (c) => {
        const id = pathId(c.req.param("id"), "group");
        const body = c.req.valid("json");
        const act = { action: "group.change", subjectKind, detail: body };
        await audited(deps, c, act, async (tx) => {
          if (!(await updateGroup(tx, id, body))) return undefined;
          if (body.members)
            refuseUnknownPeople(await setRoster(tx, "group", id, body.members), "members");
          return id;
        });
        const found = await getGroup(deps.db, id);
        if (!found) throw notFound("group");
        return c.json(found, 200);
      },
    )
    .delete(
      "/admin/groups/:id",
      describe({
        tag,
        summary: "Remove a group; what was open to it no longer is",
        status: 204,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "group");
        const found = await getGroup(deps.db, id);
        const detail = { name: found?.name, members: found?.members };
        const act = { action: "group.delete", subjectKind, detail };
        const gone = await audited(deps, c, act, async (tx) =>
          (await deleteGroup(tx, id)) ? id : undefined,
        );
        if (gone === undefined) throw notFound("group");
        return c.body(null, 204);
      },
    );
}
