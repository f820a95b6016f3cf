/** What may come next in a selector of labels, where the caret stands. Pure. */

export interface Label {
  readonly key: string;
  readonly values: readonly string[];
  readonly nodes: number;
}

export interface Completion {
  /** What it is called in the list. */
  readonly text: string;
  /** What takes the place of the text from `from` to `to`. */
  readonly insert: string;
  readonly kind: "key" | "operator" | "value";
  /** Of a key: how many nodes have it. */
  readonly nodes?: number;
}

export interface Completions {
  readonly from: number;
  readonly to: number;
  readonly items: readonly Completion[];
}

const most = 20;
const operators: readonly Completion[] = [
  { text: "=", insert: "=", kind: "operator" },
  { text: "!=", insert: "!=", kind: "operator" },
  { text: "in (…)", insert: " in (", kind: "operator" },
  { text: "notin (…)", insert: " notin (", kind: "operator" },
];
const word = "[A-Za-z0-9._/-]";

/** The requirement in which the caret stands, and whether it stands within its parentheses. */
function requirementBefore(text: string, caret: number): { start: number; listAt: number | null } {
  let start = 0;
  let listAt: number | null = null;
  for (let at = 0; at < caret; at += 1) {
    if (text[at] === "(") listAt = at;
    else if (text[at] === ")") listAt = null;
    else if (text[at] === "," && listAt === null) start = at + 1;
  }
  return { start, listAt };
}

export function completionsAt(text: string, caret: number, labels: readonly Label[]): Completions {
  const { start, listAt } = requirementBefore(text, caret);
  const before = text.slice(start, caret);
  const typed = new RegExp(`${word}*$`).exec(before)?.[0] ?? "";
  const rest = new RegExp(`^${word}*`).exec(text.slice(caret))?.[0] ?? "";
  const span = { from: caret - typed.length, to: caret + rest.length };
  const key = new RegExp(`^\\s*(${word}+)`).exec(before)?.[1];
  if (listAt !== null && key !== undefined) {
    const listed = text.slice(listAt + 1, span.from).split(",");
    const taken = new Set(listed.map((it) => it.trim()));
    return {
      ...span,
      items: valuesOf(labels, key, typed).filter((it) => !taken.has(it.text)),
    };
  }
  if (key !== undefined && new RegExp(`^\\s*${word}+\\s*(==?|!=)\\s*${word}*$`).test(before))
    return { ...span, items: valuesOf(labels, key, typed) };
  if (new RegExp(`^\\s*!?\\s*${word}*$`).test(before)) {
    const whole = typed !== "" && labels.some((it) => it.key === typed) && rest === "";
    // A whole key: what goes on from it, unless a longer one begins with it as well.
    const longer = keysLike(labels, typed).filter((it) => it.text !== typed);
    return whole && !before.includes("!")
      ? { from: caret, to: caret, items: [...operators, ...longer.map((it) => tail(it, typed))] }
      : { ...span, items: keysLike(labels, typed) };
  }
  const named = new RegExp(`^\\s*${word}+\\s+([a-z]*)$`).exec(before);
  if (named !== null) {
    const begun = named[1] ?? "";
    const items = operators.filter((it) => it.insert.trim().startsWith(begun));
    return { from: caret - begun.length, to: caret + rest.length, items: items.map(inPlace) };
  }
  return { from: caret, to: caret, items: [] };
}

/** Behind a space none is needed. */
const inPlace = (it: Completion): Completion => ({ ...it, insert: it.insert.trimStart() });
/** The rest of a key of which a part stands there. */
const tail = (it: Completion, typed: string): Completion => ({
  ...it,
  insert: it.insert.slice(typed.length),
});

/** Those that begin with what is typed, before those that only have it in them. */
function ranked<T>(all: readonly T[], textOf: (it: T) => string, typed: string): T[] {
  const wanted = typed.toLowerCase();
  const begins = (it: T): boolean => textOf(it).toLowerCase().startsWith(wanted);
  const found = all.filter((it) => textOf(it).toLowerCase().includes(wanted));
  return [...found.filter(begins), ...found.filter((it) => !begins(it))].slice(0, most);
}

const keysLike = (labels: readonly Label[], typed: string): Completion[] =>
  ranked(labels, (it) => it.key, typed).map((it) => ({
    text: it.key,
    insert: it.key,
    kind: "key",
    nodes: it.nodes,
  }));

const valuesOf = (labels: readonly Label[], key: string, typed: string): Completion[] =>
  ranked(labels.find((it) => it.key === key)?.values ?? [], (it) => it, typed)
    .filter((it) => it !== "" && it !== typed)
    .map((it) => ({ text: it, insert: it, kind: "value" }));
