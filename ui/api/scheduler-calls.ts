/** The calls of the pages about nodes, use and instances, which come with them. */
import type { z } from "zod";
import type { AdminNode, NodeDetail, patchNodeBody } from "../../gateway/node-schemas.ts";
import type { Use, useQuery } from "../../gateway/use-schemas.ts";
import { one, pick, withQuery, type List } from "./calls.ts";
import { call } from "./client.ts";

export type { AdminNode, NodeDetail, Use };
export type NodePatch = z.input<typeof patchNodeBody>;

const nodes = "/api/admin/nodes";
/** As many as one answer holds. */
const pageSize = 200;
/** More rows than this nobody reads: whoever has more nodes searches. */
const mostNodes = 2_000;

/** Nodes by name, all of them up to so many; `nextCursor` says whether there are more. */
export async function listNodes(search: string, signal?: AbortSignal): Promise<List<AdminNode>> {
  const items: AdminNode[] = [];
  let cursor: string | null = null;
  do {
    const query = { search, limit: pageSize, cursor: cursor ?? undefined };
    const page: List<AdminNode> = await call("GET", withQuery(nodes, query), pick(signal));
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && items.length < mostNodes);
  return { items, nextCursor: cursor };
}

export const getNode = (id: string, signal?: AbortSignal) =>
  call<NodeDetail>("GET", one(nodes, id), pick(signal));
export const patchNode = (id: string, body: NodePatch) =>
  call<NodeDetail>("PATCH", one(nodes, id), { body });

/** Says that a lost node's machine is gone for good. */
export const endGoneNode = (id: string) => call<NodeDetail>("POST", `${one(nodes, id)}/gone`);

export const getUse = (query: z.input<typeof useQuery>, signal?: AbortSignal) =>
  call<Use>("GET", withQuery("/api/admin/use", query), pick(signal));
