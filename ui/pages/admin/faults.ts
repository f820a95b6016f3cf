import { ApiError } from "../../api/errors.ts";
import { t } from "../../messages/admin.ts";

/** What is wrong with a form, by its field, in the reader's words. */
export type Faults<F extends string> = Readonly<Partial<Record<F, string>>>;

interface FieldFault {
  /** Leads in from the field: `3` of `members.3`; empty where it is the field itself. */
  readonly inner: string;
  /** The server's own words. */
  readonly message: string;
}

type Words = string | ((faults: readonly FieldFault[]) => string);

/**
 * What the server refused of a form, in the reader's words and each at its place. Empty where the
 * error is about something else.
 *
 * @param words of each field, for what its check refuses
 * @param codes of conflicts, each with the field that it is about and its words
 */
export function faultsFrom<F extends string>(
  error: unknown,
  words: Readonly<Record<F, Words>>,
  codes: Readonly<Record<string, Faults<F>>> = {},
): Faults<F> {
  const problem = error instanceof ApiError ? error.problem : null;
  if (problem === null) return {} as Faults<F>;
  const conflict = codes[problem.code];
  if (conflict !== undefined) return conflict;
  const found = new Map<F, FieldFault[]>();
  for (const { path, message } of problem.errors ?? []) {
    const [first = "", ...rest] = path.split(".");
    if (!Object.hasOwn(words, first)) continue;
    const field = first as F;
    found.set(field, [...(found.get(field) ?? []), { inner: rest.join("."), message }]);
  }
  const faults: Partial<Record<F, string>> = {};
  for (const [field, those] of found) {
    const text = words[field];
    faults[field] = typeof text === "string" ? text : text(those);
  }
  return faults;
}

const unknownPerson = /^there is no person (.+)$/;

/** Of a list of people: who does not exist, by name, or that a name cannot be one. */
export function peopleWords(faults: readonly FieldFault[]): string {
  const names = faults.flatMap((it) => unknownPerson.exec(it.message)?.[1] ?? []);
  const [name] = names;
  if (name !== undefined)
    return t("people.unknown", { count: names.length, names: names.join(", ") });
  return faults.some((it) => it.inner === "") ? t("people.tooMany") : t("people.wrong");
}
