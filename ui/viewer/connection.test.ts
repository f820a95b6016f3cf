import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closeCodes } from "../../wire/close-codes.ts";
import {
  backoffMs,
  firstConnection,
  stableMs,
  step,
  type Connection,
  type ConnectionEvent,
  type Effect,
} from "./connection.ts";

function run(events: readonly ConnectionEvent[], from: Connection = firstConnection, random = 0.5) {
  let connection = from;
  let effects: readonly Effect[] = [];
  for (const event of events) ({ connection, effects } = step(connection, event, random));
  return { connection, effects, kind: connection.phase.kind, did: effects.map((it) => it.type) };
}

const running: ConnectionEvent = { type: "instance", running: true };
const ended: ConnectionEvent = { type: "instance", running: false };
const up: readonly ConnectionEvent[] = [running, { type: "ticket" }, { type: "opened" }];
const closed = (code: number, openMs = stableMs): ConnectionEvent => ({
  type: "closed",
  code,
  openMs,
});
const refused = (status: number, retryAfterMs: number | null = null): ConnectionEvent => ({
  type: "refused",
  status,
  retryAfterMs,
});

describe("the way up", () => {
  it("asks for a ticket as soon as the instance runs, opens with it, and is connected", () => {
    expect(run([running])).toMatchObject({ kind: "asking", did: ["askTicket"] });
    expect(run([running, { type: "ticket" }])).toMatchObject({ kind: "opening", did: ["open"] });
    expect(run(up)).toMatchObject({ kind: "connected", did: [] });
  });

  it("waits while the instance does not run", () => {
    expect(run([ended])).toMatchObject({ kind: "idle", did: [] });
  });

  it("asks once, however often it hears that the instance runs", () => {
    expect(run([running, running])).toMatchObject({ kind: "asking", did: [] });
    expect(run([...up, running])).toMatchObject({ kind: "connected", did: [] });
  });
});

describe("a connection that ends", () => {
  it.each([
    [closeCodes.gatewayDraining.code, "draining"],
    [closeCodes.relayRestarting.code, "relay"],
    [closeCodes.upstreamLost.code, "upstream"],
    [closeCodes.keepaliveLost.code, "keepalive"],
    [closeCodes.desktopEnded.code, "upstream"],
    [1006, "lost"],
    [1001, "lost"],
    [1011, "lost"],
  ] as const)("by %d waits a moment and asks for a fresh ticket", (code, because) => {
    const { connection, kind, did } = run([...up, closed(code)]);
    expect(kind).toBe("waiting");
    expect(connection.because).toBe(because);
    expect(did).toContain("timer");
    expect(run([...up, closed(code), { type: "timer" }])).toMatchObject({
      kind: "asking",
      did: ["askTicket"],
    });
  });

  it("blames what lies behind the server where that has just granted a ticket", () => {
    const refused = run([running, { type: "ticket" }, closed(1006, 0)]);
    expect(refused).toMatchObject({ kind: "waiting", connection: { because: "node" } });
  });

  it("looks at the instance where the close does not say what became of it", () => {
    for (const code of [closeCodes.desktopEnded.code, closeCodes.upstreamLost.code, 1006]) {
      expect(run([...up, closed(code)]).did).toContain("refresh");
    }
  });

  it("is over where access has ended, until someone asks again", () => {
    const over = run([...up, closed(closeCodes.grantEnded.code)]);
    expect(over.connection.phase).toEqual({ kind: "over", over: "access" });
    expect(run([{ type: "timer" }, { type: "online" }], over.connection)).toMatchObject({
      kind: "over",
    });
    expect(run([{ type: "retryNow" }], over.connection)).toMatchObject({ kind: "asking" });
  });

  it("is over after damaged data three times in a row", () => {
    const damaged = closed(closeCodes.protocolError.code, 10);
    const again: ConnectionEvent[] = [{ type: "timer" }, { type: "ticket" }, { type: "opened" }];
    expect(run([...up, damaged]).kind).toBe("waiting");
    const third = run([...up, damaged, ...again, damaged, ...again, damaged]);
    expect(third.connection.phase).toEqual({ kind: "over", over: "protocol" });
  });

  it("waits longer from one short connection to the next, and starts anew after a stable one", () => {
    const again: ConnectionEvent[] = [{ type: "timer" }, { type: "ticket" }, { type: "opened" }];
    const delays = (openMs: number): number[] => {
      let { connection } = run(up);
      return Array.from({ length: 4 }, () => {
        const at = run([closed(1006, openMs)], connection);
        connection = run(again, at.connection).connection;
        return at.connection.phase.kind === "waiting" ? at.connection.phase.delayMs : -1;
      });
    };
    expect(delays(10)).toEqual([188, 375, 600, 600]);
    expect(delays(stableMs)).toEqual([188, 188, 188, 188]);
  });

  it("drops everything and rests when the instance stops, and is back when it runs again", () => {
    for (const events of [up, [...up, closed(1006)], [running]]) {
      const stopped = run([...events, ended]);
      expect(stopped).toMatchObject({ kind: "idle", did: ["drop"] });
      expect(run([running], stopped.connection)).toMatchObject({
        kind: "asking",
        did: ["askTicket"],
      });
    }
  });
});

describe("a ticket that is refused", () => {
  it.each([
    [401, "signedOut"],
    [404, "gone"],
    [403, "refused"],
    [400, "refused"],
  ] as const)("%d is final: %s", (status, over) => {
    expect(run([running, refused(status)]).connection.phase).toEqual({ kind: "over", over });
  });

  it("401 leads to the sign-in page", () => {
    expect(run([running, refused(401)]).did).toEqual(["signIn"]);
  });

  it.each([0, 409, 429, 500, 502, 503])("%d is asked again", (status) => {
    expect(run([running, refused(status)]).kind).toBe("waiting");
  });

  it("is of no use where the viewer's own files are gone: only a reload helps", () => {
    expect(run([running, { type: "outdated" }]).connection.phase).toEqual({
      kind: "over",
      over: "outdated",
    });
  });

  it("409 looks at the instance first", () => {
    expect(run([running, refused(409)]).did).toEqual(["refresh", "timer"]);
  });

  it("keeps to the time that the server asks for", () => {
    expect(run([running, refused(429, 30_000)]).connection.phase).toEqual({
      kind: "waiting",
      delayMs: 30_000,
    });
  });
});

describe("the network and sleep", () => {
  it("checks a connection that looks alive, tries one that waits", () => {
    expect(run([...up, { type: "online" }]).did).toEqual(["probe"]);
    expect(run([...up, { type: "woke" }]).did).toEqual(["probe"]);
    expect(run([...up, closed(1006), { type: "online" }])).toMatchObject({ kind: "asking" });
    expect(run([...up, closed(1006), { type: "woke" }])).toMatchObject({ kind: "asking" });
  });

  it("replaces a connection that does not answer at once", () => {
    expect(run([...up, { type: "stalled" }])).toMatchObject({
      kind: "asking",
      did: ["drop", "askTicket"],
    });
  });

  it("tries slowly while the browser says that there is no network, as it may be wrong", () => {
    expect(run([...up, { type: "offline" }, closed(1006)]).connection.phase).toEqual({
      kind: "waiting",
      delayMs: 5_000,
    });
  });
});

describe("what comes too late changes nothing", () => {
  it.each([
    { type: "ticket" },
    { type: "opened" },
    { type: "timer" },
    { type: "stalled" },
    closed(1006),
    refused(401),
  ] as const satisfies readonly ConnectionEvent[])("%j after the instance stopped", (event) => {
    expect(run([...up, ended, event])).toMatchObject({ kind: "idle", did: [] });
  });
});

describe("backoffMs", () => {
  it("grows, stays within its caps, and is spread", () => {
    expect([0, 1, 2, 12, 13, 41].map((attempt) => backoffMs(attempt, 0))).toEqual([
      125, 250, 400, 400, 1_000, 5_000,
    ]);
    expect(backoffMs(3, 0.999)).toBeGreaterThan(780);
    expect(backoffMs(3, 0.999)).toBeLessThanOrEqual(800);
  });
});

const anyEvent: fc.Arbitrary<ConnectionEvent> = fc.oneof(
  fc.boolean().map((it): ConnectionEvent => ({ type: "instance", running: it })),
  fc.constantFrom<ConnectionEvent>(
    { type: "ticket" },
    { type: "opened" },
    { type: "timer" },
    { type: "stalled" },
    { type: "offline" },
    { type: "online" },
    { type: "woke" },
    { type: "retryNow" },
  ),
  fc.constantFrom(0, 400, 401, 403, 404, 409, 429, 500, 503).map((status) => refused(status)),
  fc
    .tuple(fc.constantFrom(1000, 1006, 4000, 4001, 4002, 4003, 4004, 4005, 4006), fc.nat(20_000))
    .map(([code, openMs]) => closed(code, openMs)),
);

/** What a driver that only says what can happen has under way after these events. */
function drive(events: readonly ConnectionEvent[]) {
  let connection = firstConnection;
  const pending = { ticket: false, socket: false, timer: false };
  for (const event of events) {
    const needs = needOf(event);
    if (needs !== null && !pending[needs]) continue;
    if (event.type === "ticket" || event.type === "refused") pending.ticket = false;
    if (event.type === "closed") pending.socket = false;
    if (event.type === "timer") pending.timer = false;
    const next = step(connection, event, 0.5);
    connection = next.connection;
    for (const effect of next.effects) {
      if (effect.type === "askTicket") pending.ticket = true;
      if (effect.type === "open") pending.socket = true;
      if (effect.type === "timer") pending.timer = true;
      if (effect.type === "drop") pending.ticket = pending.socket = false;
    }
  }
  return { kind: connection.phase.kind, ...pending };
}

function needOf(event: ConnectionEvent): "ticket" | "socket" | "timer" | null {
  switch (event.type) {
    case "ticket":
    case "refused":
      return "ticket";
    case "opened":
    case "closed":
    case "stalled":
      return "socket";
    case "timer":
      return "timer";
    default:
      return null;
  }
}

describe("any sequence of events", () => {
  it("never gets stuck: what is not final, connected or at rest has something under way", () => {
    const stuck = fc.check(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        const { kind, ticket, socket, timer } = drive(events);
        switch (kind) {
          case "asking":
            return ticket && !socket;
          case "opening":
          case "connected":
            return socket;
          case "waiting":
            return timer && !socket;
          case "idle":
          case "over":
            return !socket;
        }
      }),
      { numRuns: 1_000 },
    );
    expect(stuck.counterexample).toBeNull();
  });
});
