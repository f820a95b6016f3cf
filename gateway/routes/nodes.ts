import { Hono } from "hono";
import { listLabels, listNodes } from "../../db/admin-nodes.ts";
import { endGoneNode, updateNode } from "../../db/node-changes.ts";
import { getNodeDetail } from "../../db/node-detail.ts";
import { audited } from "../audited.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { signedIn } from "../middleware/signed-in.ts";
import { notFound, ProblemError } from "../problem.ts";
import {
  adminNodeSchema,
  labelListSchema,
  nodeDetailSchema,
  patchNodeBody,
} from "../node-schemas.ts";
import { listOf } from "../schemas.ts";
import { decodeCursor, jsonBody, page, pathId, queryOf, searchQuery } from "../validation.ts";

export function nodeRoutes(deps: Deps) {
  const tag = "Administration: nodes";
  return new Hono<AppEnv>()
    .get(
      "/admin/nodes",
      describe({
        tag,
        summary: "Nodes with capacity and what is allocated",
        description: "`search` looks at names and at labels, as `key=value`.",
        status: 200,
        body: listOf(adminNodeSchema),
        refusals: [400, 401, 403],
      }),
      queryOf(searchQuery),
      async (c) => {
        const { limit, cursor, search, sort } = c.req.valid("query");
        const rows = await listNodes(deps.db, {
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
    .get(
      "/admin/nodes/labels",
      describe({
        tag,
        summary: "The labels that nodes have, with their values, for completion in selectors",
        status: 200,
        body: labelListSchema,
        refusals: [401, 403],
      }),
      async (c) => c.json({ items: await listLabels(deps.db) }, 200),
    )
    .get(
      "/admin/nodes/:id",
      describe({
        tag,
        summary: "One node with its GPUs, instances, images and last events",
        status: 200,
        body: nodeDetailSchema,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const node = await getNodeDetail(deps.db, pathId(c.req.param("id"), "node"));
        if (!node) throw notFound("node");
        return c.json(node, 200);
      },
    )
    .patch(
      "/admin/nodes/:id",
      describe({
        tag,
        summary: "Close a node for new instances, drain it, set its labels, share its GPUs",
        description:
          "Draining also asks whoever is there to go elsewhere; nothing is stopped. `labels` are all of an administrator's: what is not named goes back to what the node reports.",
        status: 200,
        body: nodeDetailSchema,
        refusals: [400, 401, 403, 404, 413],
      }),
      jsonBody(patchNodeBody),
      async (c) => {
        const id = pathId(c.req.param("id"), "node");
        const body = c.req.valid("json");
        const { person } = signedIn(c);
        const act = { action: "node.change", subjectKind: "node", detail: body };
        const known = await audited(deps, c, act, async (tx) => {
          const by = { id: person.id, name: person.username };
          const outcome = await updateNode(tx, id, by, body);
          if (outcome.kind === "unknown_gpu") {
            const message = `the node has no GPU ${outcome.uuid}`;
            const errors = [{ path: `gpuSlots.${outcome.uuid}`, message }];
            throw new ProblemError(400, "validation", `gpuSlots: ${message}.`, { errors });
          }
          return outcome.kind === "changed" ? id : undefined;
        });
        const node = known && (await getNodeDetail(deps.db, id));
        if (!node) throw notFound("node");
        return c.json(node, 200);
      },
    )
    .post(
      "/admin/nodes/:id/gone",
      describe({
        tag,
        summary: "Say that a lost node's machine is gone for good",
        description:
          "Only of a node that is `lost`. What stands there has failed with `node_gone`, what it held is free, and its people may start it anew elsewhere. Where the machine comes back all the same, it takes part anew and removes what is left there.",
        status: 200,
        body: nodeDetailSchema,
        refusals: [401, 403, 404, 409],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "node");
        const before = await getNodeDetail(deps.db, id);
        if (!before) throw notFound("node");
        const detail: Record<string, unknown> = {};
        const act = { action: "node.gone", subjectKind: "node", detail };
        await audited(deps, c, act, async (tx) => {
          const ended = await endGoneNode(tx, id, signedIn(c).person.id);
          if (ended === null)
            throw new ProblemError(
              409,
              "node_not_lost",
              "The node is not lost: only one that has been silent for a minute can be gone. To empty it, drain it.",
            );
          detail["ended"] = ended;
          return id;
        });
        const node = await getNodeDetail(deps.db, id);
        if (!node) throw notFound("node");
        return c.json(node, 200);
      },
    );
}
