import { describeRoute, resolver } from "hono-openapi";
import type { z } from "zod";
import { problemSchema } from "./schemas.ts";

const problem = (description: string, schema: z.ZodType = problemSchema) => ({
  description,
  content: { "application/problem+json": { schema: resolver(schema) } },
});

const meanings: Record<number, string> = {
  400: "The request is not as it should be; `errors` names each place",
  401: "Not signed in",
  403: "Not allowed, or not from this site's pages",
  404: "Not there, or not for the caller to know of",
  409: "The state does not allow it",
  413: "Body over 1 MiB",
  415: "The body is not JSON, or does not say so",
  429: "Too many attempts; `Retry-After` says when to try again",
  503: "Something that is needed does not answer",
};

/** What the API document says of a call: one line, its good answer, and the ways it says no. */
export function describe(it: {
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly status: number;
  readonly body?: z.ZodType;
  readonly media?: string;
  /** Where it may end well in another way: what that means. */
  readonly also?: Readonly<Record<number, string>>;
  readonly refusals: readonly number[];
  /** The text that it takes, where that is no JSON. */
  readonly takes?: { readonly media: string; readonly example: string };
  /** Of refusals that mean something else here, or tell more. */
  readonly meanings?: Readonly<Record<number, readonly [words: string, schema?: z.ZodType]>>;
}) {
  // Whoever takes a body takes JSON, or says what.
  const refusals = it.refusals.includes(413) ? [...it.refusals, 415] : it.refusals;
  const good = {
    description: it.summary,
    ...(it.body
      ? { content: { [it.media ?? "application/json"]: { schema: resolver(it.body) } } }
      : {}),
  };
  return describeRoute({
    tags: [it.tag],
    summary: it.summary,
    ...(it.description ? { description: it.description } : {}),
    ...(it.takes
      ? {
          requestBody: {
            required: true,
            content: {
              [it.takes.media]: { schema: { type: "string" as const }, example: it.takes.example },
            },
          },
        }
      : {}),
    responses: {
      [it.status]: good,
      ...Object.fromEntries(
        Object.entries(it.also ?? {}).map(([status, description]) => [status, { description }]),
      ),
      ...Object.fromEntries(
        refusals.map((status) => [
          status,
          problem(...(it.meanings?.[status] ?? ([meanings[status] ?? ""] as const))),
        ]),
      ),
    },
  });
}
