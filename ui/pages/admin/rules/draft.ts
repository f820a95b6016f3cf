/** A rule as somebody is changing it, and what is kept of it in this tab. Pure. */
import type { AdminRule } from "../../../../gateway/rule-schemas.ts";
import { canonical, readRule, writeRule, type Then, type When } from "./rule-text.ts";

/** What can be changed of a rule; its place among the others is changed in the list. */
export interface RuleContent {
  readonly name: string;
  readonly enabled: boolean;
  readonly when: When;
  readonly then: Then;
}

export interface Draft extends RuleContent {
  /** null: a new one. */
  readonly id: string | null;
  /** What the text form says, while it has faults and the fields cannot follow. */
  readonly raw: string | null;
  /** What was there when the change began; null of a new one. */
  readonly base: (RuleContent & { readonly version: number }) | null;
}

export const emptyDraft: Draft = {
  id: null,
  name: "",
  enabled: true,
  when: {},
  then: {},
  raw: null,
  base: null,
};

export const contentOf = ({ name, enabled, when, then }: RuleContent): RuleContent => ({
  name,
  enabled,
  when,
  then,
});

export function draftOf(rule: AdminRule): Draft {
  const content = contentOf(rule);
  return { id: rule.id, ...content, raw: null, base: { ...content, version: rule.version } };
}

export function sameContent(a: RuleContent, b: RuleContent): boolean {
  return a.name === b.name && a.enabled === b.enabled && writeRule(a) === writeRule(b);
}

/** Whether anything would be lost with it. */
export function isChanged(draft: Draft): boolean {
  if (draft.raw !== null) return true;
  return !sameContent(draft, draft.base ?? emptyDraft);
}

/** What a save sends of a rule that there is: the fields that changed. */
export function changesOf(draft: Draft): Partial<RuleContent> {
  const { base } = draft;
  if (base === null) return contentOf(draft);
  const { when, then } = canonical(draft);
  const before = { when: base.when, then: base.then };
  return {
    ...(draft.name.trim() === base.name ? {} : { name: draft.name.trim() }),
    ...(draft.enabled === base.enabled ? {} : { enabled: draft.enabled }),
    ...(writeRule({ ...before, when }) === writeRule(before) ? {} : { when }),
    ...(writeRule({ ...before, then }) === writeRule(before) ? {} : { then }),
  };
}

/** What changes of a rule's content that others changed meanwhile: mine on top of theirs. */
export function onTopOf(draft: Draft, rule: AdminRule): Draft {
  return { ...draft, base: { ...contentOf(rule), version: rule.version } };
}

/** The drafts of a text that `storedText` made; those that are not sound are left out. */
export function storedDrafts(text: string | null): Record<string, Draft> {
  if (text === null) return {};
  try {
    const all: unknown = JSON.parse(text);
    if (typeof all !== "object" || all === null) return {};
    return Object.fromEntries(
      Object.entries(all).filter((it): it is [string, Draft] => isDraft(it[1])),
    );
  } catch {
    return {};
  }
}

export const storedText = (drafts: Readonly<Record<string, Draft>>): string =>
  JSON.stringify(drafts);

function isContent(it: unknown): it is RuleContent {
  if (typeof it !== "object" || it === null) return false;
  const { name, enabled, when, then } = it as Partial<Record<keyof RuleContent, unknown>>;
  if (typeof name !== "string" || typeof enabled !== "boolean") return false;
  // Another version of this page may have left it.
  return readRule(JSON.stringify({ when, then })).rule !== null;
}

function isDraft(it: unknown): it is Draft {
  if (!isContent(it)) return false;
  const { id, raw, base } = it as Partial<Record<keyof Draft, unknown>>;
  const idFits = id === null ? base === null : typeof id === "string" && isContent(base);
  return idFits && (raw === null || typeof raw === "string");
}
