/** What is to be thought of before rules are saved. */
import { listLostNodes } from "../db/admin-nodes.ts";
import type { Queryable } from "../db/client.ts";
import { readEnvironments, type KnownEnvironment } from "../db/preview.ts";
import { findCodes, type KnownCodes } from "../db/rule-matches.ts";
import { judgeRules, type RuleWarning } from "../scheduler/judge.ts";
import { isForEverybody } from "../scheduler/overlap.ts";
import { place, type Decision } from "../scheduler/place.ts";
import { compileWhen } from "../scheduler/rules.ts";
import type { Request, Rule, RuleWhen, Situation } from "../scheduler/types.ts";

const listed = <T extends string>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

/** Names that nothing has now, beside others that something has: they may come later. */
function unknownNames(rule: Rule, known: KnownCodes): RuleWarning[] {
  const sets = {
    environment: known.environments,
    beamline: new Set(known.beamlines.values()),
    experiment: new Set(known.experiments.values()),
    user: known.users,
  };
  return (Object.keys(sets) as (keyof typeof sets)[]).flatMap((field) => {
    const names = listed(rule.when[field]);
    const unknown = names.filter((it) => !sets[field].has(it));
    // With none of them known the rule never matches, which is said already.
    if (unknown.length === 0 || unknown.length === names.length) return [];
    const text = `there is no ${field} ${unknown.join(", ")} yet`;
    return [{ code: "never_matches" as const, rule: rule.name, path: `when.${field}`, text }];
  });
}

/** Somebody whom a rule is about, who asks for this environment. */
function somebody(when: RuleWhen, { slug, kind, size }: KnownEnvironment, now: number): Request {
  const [beamline = null] = listed(when.beamline);
  const [experiment = null] = listed(when.experiment);
  const [user = ""] = listed(when.user);
  const place = { beamline, beamlineId: beamline, experiment, experimentId: experiment };
  const who = { user, userId: user, roles: listed(when.role), groupIds: [] };
  const request = { id: slug, versionId: "", size, queuedAt: now, beamtime: null };
  return { ...request, environment: slug, kind, ...place, ...who };
}

type NotPlaced = Exclude<Decision, { kind: "placed" }>;

/** Whether it is by this rule that something could not be placed, for good or as long as rules count. */
function forbids(decision: Decision, rule: Rule): decision is NotPlaced {
  if (decision.kind === "placed") return false;
  const rules =
    decision.kind === "refused" ? decision.reason.rules : decision.reason.forbidden?.rules;
  return rules?.includes(rule.name) ?? false;
}

/**
 * Environments that those could never start whom a rule is about, because of it. Rules for everybody are
 * judged with all others already.
 */
function lockedOut(
  rule: Rule,
  situation: Situation,
  environments: readonly KnownEnvironment[],
): RuleWarning[] {
  const when = compileWhen(rule.when);
  if (!rule.enabled || isForEverybody(when) || situation.nodes.length === 0) return [];
  const now = Math.max(situation.now, when.from);
  const empty = { ...situation, now, live: [], reservations: [] };
  const asked = environments.filter(
    ({ slug, kind }) =>
      (!when.environment || when.environment.has(slug)) && (!when.kind || when.kind === kind),
  );
  // All in one round: what is refused for good is so wherever the others go, and a round costs milliseconds.
  const all = asked.map((it) => somebody(rule.when, it, now));
  const decisions = place(all, empty);
  return asked.flatMap((environment, at) => {
    const decision = decisions[at];
    if (!decision || !forbids(decision, rule)) return [];
    const never = decision.kind === "refused" ? "could never" : "could for a time not";
    const text = `whom it is about ${never} start ${environment.slug}: ${decision.reason.text}`;
    const path = rule.then.resources ? "then.resources" : "then.require";
    return [{ code: "locks_out" as const, rule: rule.name, path, text }];
  });
}

/** Without the nodes that are lost: what only such a one could take is started by nobody. */
async function withoutLost(db: Queryable, situation: Situation): Promise<Situation> {
  const lost = await listLostNodes(db);
  return { ...situation, nodes: situation.nodes.filter((it) => !lost.has(it.id)) };
}

/** Of one warning before and after a change: the figures, and which of several rules is named, may differ. */
function subjectOf({ code, rule, path, text }: RuleWarning): string {
  const [what = ""] = text.split(":");
  const forEverybody = code === "locks_out" && what.startsWith("nobody could start ");
  return JSON.stringify(forEverybody ? [code, what] : [code, rule, path, what]);
}

/** By which of all rules somebody could start something never. */
function allLockouts(
  situation: Situation,
  environments: readonly KnownEnvironment[],
): readonly RuleWarning[] {
  const { rules } = situation;
  const asking = rules.filter(({ then }) => then.require !== undefined || then.resources);
  return [
    ...judgeRules(rules, situation, { known: { environments } }),
    ...asking.flatMap((it) => lockedOut(it, situation, environments)),
  ].filter(locksOut);
}

/** What locks people out once rules are changed, by whichever of them, and did not before. */
export async function newLockouts(
  db: Queryable,
  whole: Situation,
  { before, after }: { readonly before: readonly Rule[]; readonly after: readonly Rule[] },
): Promise<RuleWarning[]> {
  const situation = await withoutLost(db, whole);
  // On a site that is set up just now nothing fits yet.
  if (situation.nodes.length === 0) return [];
  const environments = await readEnvironments(db);
  const is = allLockouts({ ...situation, rules: after }, environments);
  if (is.length === 0) return [];
  const was = allLockouts({ ...situation, rules: before }, environments);
  const known = new Set(was.map(subjectOf));
  return is.filter((it) => !known.has(subjectOf(it)));
}

/**
 * @param whole with the rules as they would be
 * @param rule the one that it is about; null: all
 */
export async function warningsAbout(
  db: Queryable,
  whole: Situation,
  rule: Rule | null,
): Promise<RuleWarning[]> {
  const situation = await withoutLost(db, whole);
  const environments = await readEnvironments(db);
  const { rules } = situation;
  if (!rule) return judgeRules(rules, situation, { known: { environments } });
  const codes = await findCodes(db, rule.when);
  const known = {
    environments,
    beamlines: new Set(codes.beamlines.values()),
    experiments: new Set(codes.experiments.values()),
    users: codes.users,
  };
  return [
    ...judgeRules(rules, situation, { ids: new Set([rule.id]), known }),
    ...lockedOut(rule, situation, environments),
    ...unknownNames(rule, codes),
  ];
}

/** Whether by this nothing could be placed that the rule matches. */
const locksOut = ({ code, path }: RuleWarning): boolean =>
  code === "locks_out" ||
  (path === "then.require" && (code === "matches_no_node" || code === "contradiction"));
