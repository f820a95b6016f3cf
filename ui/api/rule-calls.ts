/** The calls of the rules' page, and of nodes' labels. */
import type { z } from "zod";
import type {
  AdminRule,
  patchRuleBody,
  ruleBody,
  ruleVersionListSchema,
} from "../../gateway/rule-schemas.ts";
import type { labelListSchema } from "../../gateway/node-schemas.ts";
import type { previewBody, RulePreview } from "../../gateway/preview-schemas.ts";
import { one, pick, withQuery, type List } from "./calls.ts";
import { call } from "./client.ts";

export type RuleVersion = z.infer<typeof ruleVersionListSchema>["items"][number];
export type NodeLabels = z.infer<typeof labelListSchema>;
export type PreviewQuestion = z.input<typeof previewBody>;

const rules = "/api/admin/rules";
const pageSize = 200;
/** So many pages: more rules than people can keep in order. */
const mostPages = 10;

/** All of them, in the order in which they are asked. */
export async function listRules(signal?: AbortSignal): Promise<AdminRule[]> {
  const items: AdminRule[] = [];
  let cursor: string | null = null;
  for (let page = 1; page <= mostPages; page += 1) {
    const query = { limit: pageSize, sort: "-priority", cursor: cursor ?? undefined };
    const list: List<AdminRule> = await call("GET", withQuery(rules, query), pick(signal));
    items.push(...list.items);
    cursor = list.nextCursor;
    if (cursor === null) break;
  }
  return items;
}
export const getRule = (id: string) => call<AdminRule>("GET", one(rules, id));
export const createRule = (body: z.input<typeof ruleBody>) =>
  call<AdminRule>("POST", rules, { body });
export const patchRule = (id: string, body: z.input<typeof patchRuleBody>) =>
  call<AdminRule>("PATCH", one(rules, id), { body });
export const deleteRule = (id: string, reason: string, confirm: boolean) =>
  call<void>("DELETE", withQuery(one(rules, id), { reason, confirm: String(confirm) }));
export const listRuleVersions = (id: string, signal?: AbortSignal) =>
  call<z.infer<typeof ruleVersionListSchema>>("GET", `${one(rules, id)}/versions`, pick(signal));
export const restoreRule = (
  id: string,
  body: { readonly version: number; readonly reason: string; readonly confirm: boolean },
) => call<AdminRule>("POST", `${one(rules, id)}/restore`, { body });
export const orderRules = (body: {
  readonly ids: readonly string[];
  readonly reason: string;
  readonly confirm: boolean;
}) => call<List<AdminRule>>("POST", `${rules}/order`, { body });
export const previewRules = (body: PreviewQuestion, signal?: AbortSignal) =>
  call<RulePreview>("POST", `${rules}/preview`, { body, ...pick(signal) });

export const listLabels = (signal?: AbortSignal) =>
  call<NodeLabels>("GET", "/api/admin/nodes/labels", pick(signal));
