import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { seedCatalogue } from "../db/testing.ts";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";

let gateway: TestGateway;
let ada: Browser;
let slug: string;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  await gateway.addUser("ada");
  await gateway.addUser("bob");
  ada = await gateway.signIn("ada");
  slug = `env-${(await seedCatalogue(gateway.database.owner.db)).username}`;
});
afterAll(() => gateway.stop());

interface Event {
  readonly event: string;
  readonly data: string;
  readonly id: string;
}

/** Reads a stream until `enough` of it has come. */
async function readEvents(
  browser: Browser,
  enough: (events: Event[]) => boolean,
  lastEventId?: string,
  onOpen: () => Promise<unknown> = async () => {},
): Promise<Event[]> {
  const ended = new AbortController();
  const response = await fetch(`${gateway.origin}/api/events`, {
    headers: {
      cookie: browser.cookie ?? "",
      ...(lastEventId ? { "last-event-id": lastEventId } : {}),
    },
    signal: ended.signal,
  });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const events: Event[] = [];
  let text = "";
  let opened = false;
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1] ?? "";
      if (field("event"))
        events.push({ event: field("event"), data: field("data"), id: field("id") });
    }
    if (!opened) {
      opened = true;
      await onOpen();
    }
    if (enough(events)) break;
  }
  ended.abort();
  return events;
}

const start = (name: string) => ada.call("POST", "/api/instances", { environment: slug, name });
const names = (events: Event[]) =>
  events
    .filter((it) => it.event === "instance")
    .map((it) => (JSON.parse(it.data) as { name: string }).name);

describe("events", () => {
  it("begin with a call to read anew, and bring what changes, whole", async () => {
    const events = await readEvents(
      ada,
      (all) => all.some((it) => it.event === "position"),
      undefined,
      () => start("first"),
    );
    expect(events[0]).toMatchObject({ event: "resync", id: expect.stringMatching(/^\d+-\d+$/) });
    expect(names(events)).toEqual(["first"]);
  });

  it("resume where they were left, and skip nothing in between", async () => {
    const before = await readEvents(
      ada,
      (all) => all.some((it) => it.event === "position"),
      undefined,
      () => start("second"),
    );
    const position = before.findLast((it) => it.id)?.id;
    await start("third");
    await start("fourth");
    const after = await readEvents(ada, (all) => names(all).length >= 2, position);
    expect(after.some((it) => it.event === "resync")).toBe(false);
    expect(new Set(names(after))).toEqual(new Set(["third", "fourth"]));
  });

  it.each(["99999999999999-1", "garbage", "1-1"])(
    "begin anew from a position that does not hold: %s",
    async (position) => {
      const events = await readEvents(ada, (all) => all.length > 0, position);
      expect(events[0]?.event).toBe("resync");
    },
  );

  it("tell nobody of other people's, and nothing to those who are signed out", async () => {
    const bob = await gateway.signIn("bob");
    const events = await readEvents(
      bob,
      (all) => names(all).length > 0,
      undefined,
      async () => {
        await start("not for bob");
        await bob.call("POST", "/api/instances", { environment: slug, name: "bob's" });
      },
    );
    expect(names(events)).toEqual(["bob's"]);
    const stranger = await gateway.browser().call("GET", "/api/events");
    expect(stranger.status).toBe(401);
  });

  it("end with the sign-in", async () => {
    const leaver = await gateway.signIn("bob");
    const events = await readEvents(
      leaver,
      () => false,
      undefined,
      async () => {
        await leaver.call("POST", "/api/instances", { environment: slug, name: "last" });
        await leaver.call("POST", "/api/auth/logout");
        await gateway.database.owner.sql`
        update instances set name = 'after' where name = 'last'`;
      },
    );
    expect(names(events)).not.toContain("after");
  });
});
