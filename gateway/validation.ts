import { validator } from "hono-openapi";
import { z } from "zod";
import type { CreationCursor } from "../db/admin-instances.ts";
import type { StartCursor } from "../db/experiments.ts";
import type { OrderCursor } from "../db/ordered.ts";
import { ProblemError } from "./problem.ts";

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

function pathOf(issue: Issue): string {
  return (issue.path ?? [])
    .map((part) => String(typeof part === "object" ? part.key : part))
    .join(".");
}

/** In a person's words, where the schema has none of its own. */
function wordsOf({ message }: Issue): string {
  const [, wanted, found] = /^Invalid input: expected (.+), received (.+)$/.exec(message) ?? [];
  if (wanted === undefined) return message;
  return found === "undefined"
    ? "required"
    : `must be of type ${wanted}, not ${found ?? "another"}`;
}

function refuse(issues: readonly Issue[], where: string): never {
  const errors = issues.map((it) => ({ path: pathOf(it), message: wordsOf(it) }));
  const [first] = errors;
  const detail = first
    ? `${first.path || where}: ${first.message}.`
    : `The ${where} is not as it should be.`;
  throw new ProblemError(400, "validation", detail, { errors });
}

/** Media types that are read as JSON (RFC 8259, section 11; RFC 6839, section 3.1). */
const jsonType = /^application\/([a-z.-]+\+)?json\s*(;|$)/;

/** Checks a JSON body. Whatever is wrong is a 400 that names each place; what is no JSON is a 415. */
export function jsonBody<T extends z.ZodType>(schema: T) {
  return validator("json", schema, (result, c) => {
    // Anything else was not read at all, and would only be said to lack every field.
    if (!jsonType.test(c.req.header("content-type") ?? ""))
      throw new ProblemError(
        415,
        "media_type",
        "The body has to be JSON, sent with Content-Type: application/json.",
      );
    if (!result.success) refuse(result.error, "body");
  });
}

export function queryOf<T extends z.ZodType>(schema: T) {
  return validator("query", schema, (result) => {
    if (!result.success) refuse(result.error, "query");
  });
}

export const uuidShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** An id in a path. What is no UUID names nothing, so the answer is that there is no such thing. */
export function pathId(value: string | undefined, what: string): string {
  if (value === undefined || !uuidShape.test(value))
    throw new ProblemError(404, "not_found", `There is no such ${what}, or it is not yours.`);
  return value;
}

/** Pages of lists: `limit` items from after `cursor`, which is opaque to callers. */
export const pageQuery = z.object({
  limit: z.coerce.number("a number").int("a whole number").min(1).max(200).default(50),
  cursor: z.string().max(400).optional(),
});
export const searchableQuery = pageQuery.extend({
  search: z
    .string()
    .regex(/^\P{Cc}*$/u, "must not contain control characters")
    .max(200)
    .default(""),
});

/** Each of these upwards, and with `-` in front downwards. */
const sortBy = <By extends string>(by: readonly [By, ...By[]]) => {
  const all: (By | `-${By}`)[] = by.flatMap((it) => [it, `-${it}` as const]);
  return z.enum(all, { error: `one of ${all.join(", ")}` });
};
export const searchQuery = searchableQuery.extend({ sort: sortBy(["name"]).default("name") });
export const userListQuery = searchableQuery.extend({
  sort: sortBy(["name", "createdAt", "lastSignInAt"])
    .default("name")
    .meta({ description: "who never signed in comes last in either direction" }),
});
export const tokenListQuery = searchableQuery.extend({
  sort: sortBy(["createdAt", "expiresAt", "lastUsedAt", "person"])
    .default("-createdAt")
    .meta({ description: "what was never used comes last in either direction" }),
});

/** The newest first, where nothing is said. */
export const startSortedQuery = searchableQuery.extend({
  sort: sortBy(["startsAt"]).default("-startsAt"),
});

const creationCursorShape = /^([01])\|(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)\|([0-9a-f-]{36})$/;

/** Of lists of what lives and then of the rest, each by creation: the exact time and the id of the last one. */
export const creationCursorOf = (it: { live: boolean; at: string; id: string }) =>
  `${it.live ? 1 : 0}|${it.at}|${it.id}`;
export function decodeCreationCursor(cursor: string | undefined): CreationCursor | null {
  const [, live, createdAt, id] =
    creationCursorShape.exec(decodeCursor(cursor, creationCursorShape) ?? "") ?? [];
  return createdAt && id ? { live: live === "1", createdAt, id } : null;
}

const startCursorShape = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\|([0-9a-f-]{36})$/;

/** Of lists by start: the start and the id of the last one. */
export const startCursorOf = (it: { startsAt: string; id: string }) => `${it.startsAt}|${it.id}`;
export function decodeStartCursor(cursor: string | undefined): StartCursor | null {
  const [, startsAt, id] =
    startCursorShape.exec(decodeCursor(cursor, startCursorShape) ?? "") ?? [];
  return startsAt && id ? { startsAt, id } : null;
}

const orderCursorShape = z.tuple([
  z.string(),
  z.union([z.string().regex(/^\P{Cc}*$/u), z.null()]),
  z.string().regex(uuidShape),
]);
const exactTime = /^\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Of lists that can be sorted by several things. It holds for the order in which it was given alone. */
export const orderCursorOf = (sort: string) => (it: { at: string | null; id: string }) =>
  JSON.stringify([sort, it.at, it.id]);

/** What `sort` says, and where the page begins. @throws ProblemError 400 */
export function orderOf<By extends string>(
  sort: By | `-${By}`,
  cursor: string | undefined,
  texts: readonly By[],
): { by: By; descending: boolean; cursor: OrderCursor | null } {
  const descending = sort.startsWith("-");
  const by = (descending ? sort.slice(1) : sort) as By;
  const key = decodeCursor(cursor);
  if (key === null) return { by, descending, cursor: null };
  const [of, value = null, id] = orderCursorShape.safeParse(parsed(key)).data ?? [];
  const fits = value === null || texts.includes(by) || exactTime.test(value);
  if (of !== sort || id === undefined || !fits) throw foreignCursor();
  return { by, descending, cursor: { value, id } };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const foreignCursor = () =>
  new ProblemError(400, "validation", "cursor: not one that a list returned in this order.", {
    errors: [{ path: "cursor", message: "not one that a list returned in this order" }],
  });

const ruleCursorShape = /^(-?\d{1,7})\|([^\p{Cc}]{1,100})$/u;

/** Of lists of rules: the priority and the name of the last one. */
export const ruleCursorOf = (it: { priority: number; name: string }) => `${it.priority}|${it.name}`;
export function decodeRuleCursor(cursor: string | undefined) {
  const [, priority, name] =
    ruleCursorShape.exec(decodeCursor(cursor, ruleCursorShape) ?? "") ?? [];
  return priority && name ? { priority: Number(priority), name } : null;
}

export function encodeCursor(key: string): string {
  return btoa(encodeURIComponent(key)).replaceAll("=", "");
}

/** @throws ProblemError 400 where the text is no cursor of ours */
export function decodeCursor(cursor: string | undefined, shape?: RegExp): string | null {
  if (cursor === undefined) return null;
  try {
    const key = decodeURIComponent(atob(cursor));
    if (!shape || shape.test(key)) return key;
  } catch {
    // Said below.
  }
  throw new ProblemError(400, "validation", "cursor: not one that a list returned.", {
    errors: [{ path: "cursor", message: "not one that a list returned" }],
  });
}

/** Cuts a list that was read with one more than asked for into a page. */
export function page<T>(rows: T[], limit: number, keyOf: (row: T) => string) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? encodeCursor(keyOf(last)) : null };
}
