/** Rules: which of them hold for a request, and what they say together. */
import { parseSelector, type Selector, type SelectorFault } from "./selector.ts";
import type { Attributes, Rule, RuleLimits, RuleWhen, Size } from "./types.ts";

export interface RuleRef {
  readonly id: string;
  readonly name: string;
}
/** A selector of a rule. One that does not parse selects no node, and `fault` says why. */
export interface RuleSelector {
  readonly rule: RuleRef;
  readonly text: string;
  readonly selector: Selector | null;
  readonly fault: SelectorFault | null;
}
export interface RulePreference extends RuleSelector {
  readonly weight: number;
}
export interface LimitOfRule {
  readonly rule: RuleRef;
  readonly limits: RuleLimits;
}

/** What the rules that hold for a request say together, in the order in which they are asked. */
export interface Effects {
  readonly matched: readonly RuleRef[];
  readonly require: readonly RuleSelector[];
  readonly prefer: readonly RulePreference[];
  readonly strategy: "pack" | "spread";
  /** What rules say about the size, by field, each from the first rule that says it. */
  readonly resources: Partial<Size>;
  /** Whose word each of `resources` is. */
  readonly resourceRules: Readonly<Partial<Record<keyof Size, RuleRef>>>;
  readonly maxMinutes: number | null;
  /** The rule that wants a node for the experiment alone during its beamtime. */
  readonly dedicate: RuleRef | null;
  /** In the queue. */
  readonly priority: number;
  readonly limits: readonly LimitOfRule[];
}

type Names = ReadonlySet<string> | null;
export interface CompiledWhen {
  readonly environment: Names;
  readonly kind: "desktop" | "service" | null;
  readonly beamline: Names;
  readonly experiment: Names;
  readonly user: Names;
  readonly role: Names;
  readonly from: number;
  readonly until: number;
}
export interface CompiledRule {
  readonly rule: Rule;
  readonly ref: RuleRef;
  readonly when: CompiledWhen;
  readonly require: RuleSelector | null;
  readonly prefer: readonly RulePreference[];
}

const names = (value: string | readonly string[] | undefined): Names =>
  value === undefined ? null : new Set(typeof value === "string" ? [value] : value);

export function compileWhen(when: RuleWhen): CompiledWhen {
  return {
    environment: names(when.environment),
    kind: when.kind ?? null,
    beamline: names(when.beamline),
    experiment: names(when.experiment),
    user: names(when.user),
    role: names(when.role),
    from: when.from === undefined ? -Infinity : Date.parse(when.from),
    until: when.until === undefined ? Infinity : Date.parse(when.until),
  };
}

const has = (wanted: Names, value: string | null) =>
  wanted === null || (value !== null && wanted.has(value));

function holdsForPeople(when: CompiledWhen, it: Attributes): boolean {
  return (
    has(when.beamline, it.beamline) &&
    has(when.experiment, it.experiment) &&
    has(when.user, it.user) &&
    (when.role === null || it.roles.some((role) => when.role?.has(role)))
  );
}
const holdsForEnvironment = (
  when: CompiledWhen,
  it: Pick<Attributes, "environment" | "kind">,
): boolean =>
  has(when.environment, it.environment) && (when.kind === null || when.kind === it.kind);
const holdsAt = (when: CompiledWhen, now: number) => when.from <= now && now < when.until;

/** Whether a rule's `when` holds; whether it is switched on is not asked. */
export function ruleMatches(rule: Rule, attributes: Attributes, now: number): boolean {
  const when = compileWhen(rule.when);
  return (
    holdsAt(when, now) && holdsForEnvironment(when, attributes) && holdsForPeople(when, attributes)
  );
}

function compileSelector(rule: RuleRef, text: string): RuleSelector {
  const parsed = parseSelector(text);
  return parsed.ok
    ? { rule, text, selector: parsed.selector, fault: null }
    : { rule, text, selector: null, fault: parsed.fault };
}

function compileRule(rule: Rule): CompiledRule {
  const ref = { id: rule.id, name: rule.name };
  const { require, prefer = [] } = rule.then;
  return {
    rule,
    ref,
    when: compileWhen(rule.when),
    require: require === undefined ? null : compileSelector(ref, require),
    prefer: prefer.map((it) => ({ ...compileSelector(ref, it.selector), weight: it.weight })),
  };
}

/** Puts a unit of UTF-16 where its code point stands: surrogates stand for what is behind all others. */
const weightOf = (unit: number) =>
  unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;

/** By code points: what Postgres' collation "C" does, and no locale changes. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (one !== other) return weightOf(one) - weightOf(other);
  }
  return a.length - b.length;
}

/** Only of the letters A to Z, as Postgres' `lower` does it in the collation "C". */
const lowered = (name: string) => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** The order in which rules are asked: by priority, then by name. `askedBy` in db/rules.ts is the same. */
export function inOrder(a: Rule, b: Rule): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  return compareText(lowered(a.name), lowered(b.name)) || compareText(a.id, b.id);
}

/** Rules that are switched on, in order, with their selectors parsed. */
export class CompiledRules {
  readonly all: readonly CompiledRule[];
  readonly #ofEnvironment = new Map<string, readonly CompiledRule[]>();
  readonly #effects = new Map<string, Effects>();

  constructor(rules: readonly Rule[]) {
    this.all = rules
      .filter((it) => it.enabled)
      .sort(inOrder)
      .map(compileRule);
  }

  #candidates(attributes: Attributes): readonly CompiledRule[] {
    const key = `${attributes.kind} ${attributes.environment}`;
    let found = this.#ofEnvironment.get(key);
    if (!found) {
      found = this.all.filter((it) => holdsForEnvironment(it.when, attributes));
      this.#ofEnvironment.set(key, found);
    }
    return found;
  }

  matching(attributes: Attributes, now: number): CompiledRule[] {
    return this.#candidates(attributes).filter(
      ({ when }) => holdsAt(when, now) && holdsForPeople(when, attributes),
    );
  }

  /** When other rules hold for a request than before: the times after `now`, the next first. */
  turns(attributes: Attributes, now: number): number[] {
    const times = this.#candidates(attributes).flatMap(({ when }) =>
      holdsForPeople(when, attributes) ? [when.from, when.until] : [],
    );
    const later = times.filter((it) => it > now && it < Infinity);
    return [...new Set(later)].sort((a, b) => a - b);
  }

  /** One object for all for whom the same rules hold. */
  effects(attributes: Attributes, now: number): Effects {
    const matching = this.matching(attributes, now);
    const key = matching.map((it) => it.rule.id).join(" ");
    let found = this.#effects.get(key);
    if (!found) {
      found = combine(matching);
      this.#effects.set(key, found);
    }
    return found;
  }
}

export function compileRules(rules: readonly Rule[]): CompiledRules {
  return new CompiledRules(rules);
}

const sizeFields = ["cpus", "memoryBytes", "gpus", "gpuMemoryBytes"] as const;

function combineResources(matching: readonly CompiledRule[]) {
  const resources: { -readonly [Field in keyof Size]?: Size[Field] } = {};
  const resourceRules: Partial<Record<keyof Size, RuleRef>> = {};
  const set = <Field extends keyof Size>(field: Field) => {
    const first = matching.find((it) => it.rule.then.resources?.[field] !== undefined);
    const value = first?.rule.then.resources?.[field];
    if (!first || value === undefined) return;
    resources[field] = value;
    resourceRules[field] = first.ref;
  };
  for (const field of sizeFields) set(field);
  return { resources, resourceRules };
}

function combine(matching: readonly CompiledRule[]): Effects {
  const thens = matching.map((it) => it.rule.then);
  const dedicating = matching.find((it) => it.rule.then.dedicate !== undefined);
  return {
    matched: matching.map((it) => it.ref),
    require: matching.flatMap((it) => it.require ?? []),
    prefer: matching.flatMap((it) => it.prefer),
    strategy: thens.find((it) => it.strategy !== undefined)?.strategy ?? "spread",
    ...combineResources(matching),
    maxMinutes: thens.find((it) => it.lifetime !== undefined)?.lifetime?.maxMinutes ?? null,
    dedicate: dedicating?.rule.then.dedicate ? dedicating.ref : null,
    priority: thens.find((it) => it.priority !== undefined)?.priority ?? 0,
    limits: matching.flatMap(({ ref, rule }) =>
      rule.then.limits ? [{ rule: ref, limits: rule.then.limits }] : [],
    ),
  };
}

/** What the rules that hold for a request say together. */
export function effectsOf(attributes: Attributes, rules: CompiledRules, now: number): Effects {
  return rules.effects(attributes, now);
}

/** The environment's size with what rules say instead. Nothing is ever less than nothing. */
export function mergeSize(size: Size, { resources }: Pick<Effects, "resources">): Size {
  const merged = { ...size, ...resources };
  const gpus = Math.max(0, merged.gpus);
  return {
    cpus: Math.max(0, merged.cpus),
    memoryBytes: Math.max(0, merged.memoryBytes),
    gpus,
    gpuMemoryBytes: gpus === 0 ? null : merged.gpuMemoryBytes,
  };
}
