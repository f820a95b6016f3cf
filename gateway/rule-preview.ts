/** What would come of a change of the rules, before it is made. */
import type { z } from "zod";
import type { Queryable } from "../db/client.ts";
import { readUndedicated } from "../db/dedications.ts";
import { warnOfTaken } from "../scheduler/beforehand.ts";
import {
  findAttributes,
  findSubjects,
  readEnvironments,
  readPast,
  readWaiting,
  type Past,
} from "../db/preview.ts";
import { findCodes, spellWhen } from "../db/rule-matches.ts";
import { readSituation, readUsual } from "../db/situation.ts";
import type { RuleWarning } from "../scheduler/judge.ts";
import type { Request, Rule, Situation } from "../scheduler/types.ts";
import { whatIf } from "../scheduler/what-if.ts";
import { ProblemError } from "./problem.ts";
import { prioritiesFor } from "./rule-order.ts";
import { changeOf, pastOutcomes, queueOutcomes, type Shown } from "./rule-outcomes.ts";
import { newLockouts, warningsAbout } from "./rule-warnings.ts";
import type { Previewed, previewBody, RulePreview } from "./preview-schemas.ts";

/** So many past requests are replayed, and as many of the queue are placed. */
const most = 2000;
const mostShown = 200;
/** The id of a rule that is none yet. */
const draftId = "00000000-0000-4000-8000-000000000000";
const askedId = "asked";

export type PreviewBody = z.infer<typeof previewBody>;
/** What a preview reads, of one moment. */
interface Snapshot {
  readonly situation: Situation;
  readonly waiting: readonly Request[];
  readonly past: readonly Past[];
  readonly pastInAll: number;
}

const refuse = (path: string, message: string) =>
  new ProblemError(400, "validation", `${path}: ${message}.`, { errors: [{ path, message }] });

/** The rules as they would be, and the one that the change is about. @throws ProblemError 400 */
async function changedRules(
  db: Queryable,
  rules: readonly Rule[],
  { draft, remove, order }: PreviewBody,
): Promise<{ readonly after: readonly Rule[]; readonly about: Rule | null }> {
  if (remove !== undefined && !rules.some((it) => it.id === remove))
    throw refuse("remove", "there is no such rule");
  const id = draft?.id ?? draftId;
  if (draft?.id !== undefined && !rules.some((it) => it.id === id))
    throw refuse("draft.id", "there is no such rule");
  const kept = rules.filter((it) => it.id !== remove && (!draft || it.id !== id));
  // What JSON does not name is not there: no field of it is undefined.
  const written = draft && ({ ...draft, id } as Rule);
  const about = written
    ? { ...written, when: spellWhen(written.when, await findCodes(db, written.when)) }
    : null;
  const after = about ? [...kept, about] : kept;
  if (!order) return { after, about };
  // A rule that is not there yet has no id to be named by: its own priority says where it stands.
  const named = draft?.id === undefined ? kept : after;
  const byId = new Map(named.map((it) => [it.id, it]));
  const ordered = order.flatMap((it) => byId.get(it) ?? []);
  if (new Set(order).size !== order.length || ordered.length !== named.length)
    throw refuse("order", "name every rule that there would be, each once");
  const priorities = prioritiesFor(ordered);
  const prioritised = (it: Rule) => ({ ...it, priority: priorities.get(it.id) ?? it.priority });
  return { after: after.map(prioritised), about: about && prioritised(about) };
}

/** The one request that is asked about, as if it came now. @throws ProblemError 400 */
async function askedRequest(
  db: Queryable,
  it: NonNullable<PreviewBody["request"]>,
  now: number,
): Promise<Request> {
  const { environment, user, experiment = null } = it;
  const { userId, experimentId } = await findSubjects(db, { user, experiment });
  if (userId === null) throw refuse("request.user", `there is no person ${user}`);
  if (experiment !== null && experimentId === null)
    throw refuse("request.experiment", `there is no experiment ${experiment}`);
  const known = (await readEnvironments(db)).find((one) => one.slug === environment);
  const attributes = known && (await findAttributes(db, { userId, environment, experimentId }));
  if (!known || !attributes)
    throw refuse("request.environment", `there is no environment ${environment}`);
  const { size, versionId } = known;
  return { ...attributes, id: askedId, size, versionId: versionId ?? "", queuedAt: now };
}

async function readSnapshot(db: Queryable, days: number): Promise<Snapshot> {
  const situation = await readSituation(db, readUsual(db));
  const waiting = await readWaiting(db, most);
  const { requests: past, inAll: pastInAll } = days
    ? await readPast(db, { days, limit: most })
    : { requests: [], inAll: 0 };
  return { situation, waiting, past, pastInAll };
}

function previewed(it: Request, before: Shown, after: Shown): Previewed {
  const { id, environment, user, experiment } = it;
  const queuedAt = new Date(it.queuedAt).toISOString();
  const change = changeOf(before, after);
  const instance = id.split("/")[0] ?? id;
  return { id: instance, environment, user, experiment, queuedAt, before, after, change };
}

function pairUp(
  requests: readonly Request[],
  before: ReadonlyMap<string, Shown>,
  after: ReadonlyMap<string, Shown>,
): Previewed[] {
  return requests.flatMap((it) => {
    const [was, is] = [before.get(it.id), after.get(it.id)];
    return was && is ? [previewed(it, was, is)] : [];
  });
}

function summarise(all: readonly Previewed[]): RulePreview["summary"] {
  const count = (change: Previewed["change"]) => all.filter((it) => it.change === change).length;
  return {
    considered: all.length,
    same: count("same"),
    moves: count("moves"),
    sooner: count("sooner"),
    later: count("later"),
    refused: count("refused"),
    admitted: count("admitted"),
  };
}

function whatIfOf(
  asked: Request | null,
  situation: Situation,
  sides: readonly { rules: readonly Rule[]; outcomes: ReadonlyMap<string, Shown> }[],
): RulePreview["whatIf"] {
  if (!asked) return null;
  const [before, after] = sides.map(({ rules, outcomes }) => {
    const outcome = outcomes.get(asked.id);
    if (!outcome) throw new Error("the request that was asked about has no outcome");
    const nodes = whatIf(asked, { ...situation, rules });
    return { outcome, nodes: nodes.map((it) => ({ ...it, lines: [...it.lines] })) };
  });
  return before && after ? { before, after } : null;
}

/** About the rule that is written, and what any other one locks out by that; about all rules where none is. */
async function warningsOf(
  db: Queryable,
  it: { situation: Situation; after: readonly Rule[]; about: Rule | null },
): Promise<RuleWarning[]> {
  const { situation, after, about } = it;
  const own = await warningsAbout(db, { ...situation, rules: after }, about);
  if (!about) return own;
  const uncovered = await newLockouts(db, situation, { before: situation.rules, after });
  return [...own, ...uncovered.filter((one) => one.rule !== about.name)];
}

/** @param db sees one moment all the while */
export async function previewRules(db: Queryable, body: PreviewBody): Promise<RulePreview> {
  const { situation, waiting, past, pastInAll } = await readSnapshot(db, body.days);
  const { rules } = situation;
  const { after, about } = await changedRules(db, rules, body);
  const asked = body.request ? await askedRequest(db, body.request, situation.now) : null;
  const warnings = await warningsOf(db, { situation, after, about });
  const requests = asked ? [...waiting, asked] : waiting;
  const was = queueOutcomes(requests, situation, rules);
  const is = queueOutcomes(requests, situation, after);
  const queued = pairUp(waiting, was, is);
  const [pastWas = new Map(), pastIs = new Map()] = pastOutcomes(past, situation, [rules, after]);
  const replayed = pairUp(past, pastWas, pastIs);
  const sides = [
    { rules, outcomes: was },
    { rules: after, outcomes: is },
  ];
  const dedicating = about?.then.dedicate ? about : null;
  const taken = dedicating
    ? warnOfTaken(dedicating, await readUndedicated(db), { ...situation, rules: after })
    : [];
  return {
    warnings: [...warnings, ...taken],
    summary: summarise([...queued, ...replayed]),
    looked: { queued: queued.length, past: replayed.length, pastInAll },
    queued,
    past: replayed.filter((it) => it.change !== "same").slice(0, mostShown),
    whatIf: whatIfOf(asked, situation, sides),
  };
}
