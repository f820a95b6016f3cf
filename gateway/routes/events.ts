import { loggable } from "../../db/errors.ts";
import { Hono } from "hono";
import { streamSSE, type SSEStreamingApi } from "hono/streaming";
import { z } from "zod";
import {
  currentCursor,
  cursorHolds,
  formatCursor,
  parseCursor,
  type ChangeCursor,
} from "../../db/changes.ts";
import { getInstances } from "../../db/instances.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { signInHolds } from "../../db/sign-ins.ts";
import { signedIn } from "../middleware/signed-in.ts";

/** How soon a browser comes back after a stream broke. */
const retryMs = 500;

async function sendInstances(
  stream: SSEStreamingApi,
  ids: readonly string[],
  instances: Awaited<ReturnType<typeof getInstances>>,
  id: string,
) {
  const found = new Set(instances.map((it) => it.id));
  for (const instance of instances)
    await stream.writeSSE({ event: "instance", data: JSON.stringify(instance) });
  for (const gone of ids.filter((it) => !found.has(it)))
    await stream.writeSSE({ event: "gone", data: JSON.stringify({ id: gone }) });
  // The position goes last and alone: a reader that is cut off in between resumes before it.
  await stream.writeSSE({ event: "position", data: "", id });
}

export function eventRoutes(deps: Deps) {
  return new Hono<AppEnv>().get(
    "/events",
    describe({
      tag: "Events",
      summary: "What changes for the caller, as server-sent events",
      description:
        "`instance`: the whole instance. `gone`: `{id}`. `resync`: read the lists anew. `position`: carries the id to resume from by `Last-Event-ID`.",
      status: 200,
      body: z.string(),
      media: "text/event-stream",
      refusals: [401],
    }),
    async (c) => {
      const { id: signInId, person } = signedIn(c);
      const asked = parseCursor(c.req.header("last-event-id") ?? "");
      // What is no longer kept cannot be told one by one: then the lists are read anew.
      const resumed = asked && (await cursorHolds(deps.db, asked)) ? asked : undefined;
      let cursor: ChangeCursor = resumed ?? (await currentCursor(deps.db));
      c.header("cache-control", "no-store");
      c.header("x-accel-buffering", "no");
      return streamSSE(c, async (stream) => {
        const gone = new AbortController();
        const signal = AbortSignal.any([gone.signal, deps.closing]);
        stream.onAbort(() => gone.abort());
        deps.metrics.eventStreams(1);
        try {
          await stream.write(`retry: ${retryMs}\n\n`);
          if (!resumed)
            await stream.writeSSE({ event: "resync", data: "", id: formatCursor(cursor) });
          while (!signal.aborted) {
            const changes = await deps.feed.next(person.id, cursor, signal);
            const changed = changes.filter((it) => it.kind === "instance");
            const ids = [...new Set(changed.map((it) => it.subjectId))];
            const instances = ids.length === 0 ? [] : await getInstances(deps.db, person.id, ids);
            // After all that is told was read: nobody hears what came after their sign-in ended.
            if (!(await signInHolds(deps.db, signInId))) return;
            const last = changes.at(-1);
            if (!last) {
              await stream.write(": still here\n\n");
              continue;
            }
            cursor = last.cursor;
            await sendInstances(stream, ids, instances, formatCursor(cursor));
          }
        } catch (error) {
          if (!signal.aborted)
            deps.log.warn({ err: loggable(error) }, "an event stream ended early");
        } finally {
          deps.metrics.eventStreams(-1);
        }
      });
    },
  );
}
