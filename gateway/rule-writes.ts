/** How rules are changed: one writer at a time, with a version and an audit row for each change. */
import type { Context } from "hono";
import type { Queryable } from "../db/client.ts";
import { findCodes, spellWhen } from "../db/rule-matches.ts";
import {
  deleteRule,
  getRule,
  insertRule,
  listRuleVersions,
  lockRules,
  setPriorities,
  updateRule,
  type RuleAuthor,
  type RuleFields,
} from "../db/rules.ts";
import { readRules } from "../db/situation.ts";
import { audited, orConflict, type Conflicts } from "./audited.ts";
import type { AppEnv, Deps } from "./deps.ts";
import { refuseLockout, type Confirmation } from "./lockout.ts";
import { signedIn } from "./middleware/signed-in.ts";
import { ProblemError } from "./problem.ts";
import { prioritiesFor } from "./rule-order.ts";
import { refuseSelectors } from "./selector-faults.ts";

const conflicts: Conflicts = {
  rule_names: ["rule_name_taken", "Another rule has this name. Choose another one."],
};

interface Change extends Confirmation {
  readonly action: "rule.create" | "rule.change" | "rule.delete" | "rule.restore" | "rule.order";
  readonly detail: Record<string, unknown>;
  readonly reason?: string | undefined;
}

/** Does it under the rules' lock. @param work gives the rule's id; undefined where there is none */
function change(
  deps: Deps,
  c: Context<AppEnv>,
  it: Change,
  work: (tx: Queryable, by: RuleAuthor) => Promise<string | undefined>,
): Promise<string | undefined> {
  const { id, username } = signedIn(c).person;
  const by = { id, name: username, reason: it.reason ?? "" };
  const { action, detail } = it;
  return orConflict(
    conflicts,
    audited(deps, c, { action, subjectKind: "rule", detail }, async (tx) => {
      await lockRules(tx);
      const before = await readRules(tx);
      const id = await work(tx, by);
      // Also what is taken away may uncover another rule.
      if (id !== undefined) await refuseLockout(tx, { before, confirm: it.confirm });
      return id;
    }),
  );
}

const spell = async (tx: Queryable, it: RuleFields): Promise<RuleFields> => ({
  ...it,
  when: spellWhen(it.when, await findCodes(tx, it.when)),
});

const changed = (version: number) =>
  new ProblemError(
    409,
    "rule_changed",
    "Somebody has changed this rule since you read it. Read it again, and look at what they did.",
    { extension: { version } },
  );

export type NewRule = RuleFields & Confirmation & { readonly reason: string };

export function createRule(
  deps: Deps,
  c: Context<AppEnv>,
  body: NewRule,
): Promise<string | undefined> {
  refuseSelectors(body.then);
  const { confirm, reason, ...fields } = body;
  const detail = { ...fields, reason };
  return change(deps, c, { action: "rule.create", detail, reason, confirm }, async (tx, by) => {
    const next = await spell(tx, fields);
    return insertRule(tx, by, next);
  });
}

export interface RulePatch extends Confirmation {
  readonly fields: { readonly [Field in keyof RuleFields]?: RuleFields[Field] | undefined };
  readonly reason?: string | undefined;
  /** The one that was read. */
  readonly version?: number | undefined;
}

export function changeRule(
  deps: Deps,
  c: Context<AppEnv>,
  id: string,
  { fields, reason, version, confirm }: RulePatch,
): Promise<string | undefined> {
  if (fields.then) refuseSelectors(fields.then);
  const detail = { ...fields, ...(reason ? { reason } : {}) };
  return change(deps, c, { action: "rule.change", detail, reason, confirm }, async (tx, by) => {
    const now = await getRule(tx, id);
    if (!now) return undefined;
    if (version !== undefined && version !== now.version) throw changed(now.version);
    const next = await spell(tx, {
      name: fields.name ?? now.name,
      priority: fields.priority ?? now.priority,
      enabled: fields.enabled ?? now.enabled,
      when: fields.when ?? now.when,
      then: fields.then ?? now.then,
    });
    await updateRule(tx, by, id, next);
    return id;
  });
}

export async function removeRule(
  deps: Deps,
  c: Context<AppEnv>,
  id: string,
  { reason, confirm }: Confirmation & { readonly reason: string },
): Promise<string | undefined> {
  const { name } = (await getRule(deps.db, id)) ?? {};
  const detail = { name, reason };
  return change(deps, c, { action: "rule.delete", detail, reason, confirm }, async (tx, by) => {
    if (!(await getRule(tx, id))) return undefined;
    await deleteRule(tx, by, id);
    return id;
  });
}

/** Makes it what it was; a rule that was deleted comes back under its id. */
export function restoreRule(
  deps: Deps,
  c: Context<AppEnv>,
  id: string,
  body: Confirmation & { readonly version: number; readonly reason: string },
): Promise<string | undefined> {
  const { version, reason, confirm } = body;
  const detail = { version, reason };
  return change(deps, c, { action: "rule.restore", detail, reason, confirm }, async (tx, by) => {
    const versions = await listRuleVersions(tx, id);
    const wanted = versions?.find((it) => it.version === version);
    if (!versions || !wanted) return undefined;
    refuseSelectors(wanted.then);
    const { name, priority, enabled, when, then } = wanted;
    const fields = { name, priority, enabled, when, then };
    if (await getRule(tx, id)) await updateRule(tx, by, id, fields);
    else await insertRule(tx, by, fields, { id, version: (versions[0]?.version ?? 0) + 1 });
    return id;
  });
}

/** Puts all rules into this order. */
export function orderRules(
  deps: Deps,
  c: Context<AppEnv>,
  body: Confirmation & { readonly ids: readonly string[]; readonly reason: string },
): Promise<string | undefined> {
  const { ids, reason, confirm } = body;
  const detail: Record<string, unknown> = { ids, reason };
  return change(deps, c, { action: "rule.order", detail, reason, confirm }, async (tx, by) => {
    const all = await readRules(tx);
    const byId = new Map(all.map((it) => [it.id, it]));
    const ordered = ids.flatMap((it) => byId.get(it) ?? []);
    if (ordered.length !== ids.length || ordered.length !== all.length)
      throw new ProblemError(
        409,
        "rule_changed",
        "These are not all the rules that there are now: one was added or deleted since. Read them again.",
      );
    await setPriorities(tx, by, prioritiesFor(ordered));
    return "all";
  });
}
