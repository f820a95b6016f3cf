import { closeCodes } from "../../wire/close-codes.ts";

/**
 * The life of one desktop's connection as a pure state machine: events in, the next state and the
 * effects out. It asks for a ticket while the instance runs, opens a socket with it, and after any
 * loss starts over with a fresh ticket. Timers, sockets and calls are the driver's (use-connection.ts).
 */
export type Because =
  | "first"
  | "lost"
  | "draining"
  | "relay"
  | "upstream"
  | "node"
  | "keepalive"
  | "protocol"
  | "server"
  | "busy";

export type Over = "outdated" | "access" | "refused" | "gone" | "signedOut" | "protocol";

export type Phase =
  /** The instance is not running, as far as is known. */
  | { readonly kind: "idle" }
  /** A ticket was asked for. */
  | { readonly kind: "asking" }
  /** A socket is being opened. */
  | { readonly kind: "opening" }
  | { readonly kind: "connected" }
  /** The next try comes after `delayMs`. */
  | { readonly kind: "waiting"; readonly delayMs: number }
  /** Nothing more is tried by itself. */
  | { readonly kind: "over"; readonly over: Over };

export interface Connection {
  readonly phase: Phase;
  readonly because: Because;
  /** Tries since the last stable connection. */
  readonly attempt: number;
  /** Closes for damaged data in a row. */
  readonly damaged: number;
  /** What the instance was last known to be. */
  readonly running: boolean;
  /** What the browser says of the network; often wrong, so it only slows tries down. */
  readonly online: boolean;
}

export type ConnectionEvent =
  | { readonly type: "instance"; readonly running: boolean }
  | { readonly type: "ticket" }
  | {
      readonly type: "refused";
      /** HTTP status; 0 where nothing answered. */
      readonly status: number;
      readonly retryAfterMs: number | null;
    }
  /** The server answers but no longer has the viewer's files: it was updated under this page. */
  | { readonly type: "outdated" }
  | { readonly type: "opened" }
  /** `code`: WebSocket close code (RFC 6455, 7.4). `openMs`: how long it had been connected. */
  | { readonly type: "closed"; readonly code: number; readonly openMs: number }
  | { readonly type: "timer" }
  /** The other end was asked and did not answer, or the opening takes too long. */
  | { readonly type: "stalled" }
  | { readonly type: "offline" }
  | { readonly type: "online" }
  /** The page is seen again, or the computer woke up. */
  | { readonly type: "woke" }
  | { readonly type: "retryNow" };

export type Effect =
  | { readonly type: "askTicket" }
  | { readonly type: "open" }
  /** Drop socket and ticket call, keep the last picture. */
  | { readonly type: "drop" }
  /** Start (or restart) the one timer. */
  | { readonly type: "timer"; readonly delayMs: number }
  | { readonly type: "probe" }
  /** Ask the API what the instance is. */
  | { readonly type: "refresh" }
  | { readonly type: "signIn" };

export interface Step {
  readonly connection: Connection;
  readonly effects: readonly Effect[];
}

export const firstConnection: Connection = {
  phase: { kind: "idle" },
  because: "first",
  attempt: 0,
  damaged: 0,
  running: false,
  online: true,
};

/** A connection that held this long was a good one: the next loss starts counting anew. */
export const stableMs = 5_000;
const firstDelayMs = 250;
/**
 * Up to this many tries in a row, the longest delay. A restarted gateway should be found within a
 * second, and one that is gone for long should not be hammered.
 */
const caps = [
  { attempts: 12, capMs: 800 },
  { attempts: 40, capMs: 2_000 },
  { attempts: Infinity, capMs: 10_000 },
] as const;
const offlineDelayMs = 5_000;
const damagedLimit = 3;

/** Exponential with jitter (half fixed, half random), capped. `random` in [0, 1). */
export function backoffMs(attempt: number, random: number): number {
  const cap = caps.find((it) => attempt <= it.attempts)?.capMs ?? firstDelayMs;
  const whole = Math.min(cap, firstDelayMs * 2 ** Math.min(attempt, 20));
  return Math.round(whole / 2 + (whole / 2) * random);
}

/** One event. `random` in [0, 1) is the caller's, so that this stays pure. */
export function step(connection: Connection, event: ConnectionEvent, random: number): Step {
  switch (event.type) {
    case "instance":
      return onInstance(connection, event.running);
    case "ticket":
      return connection.phase.kind === "asking"
        ? to(connection, { phase: { kind: "opening" } }, { type: "open" })
        : stay(connection);
    case "refused":
      return connection.phase.kind === "asking"
        ? onRefused(connection, event, random)
        : stay(connection);
    case "outdated":
      return connection.phase.kind === "asking" ? over(connection, "outdated") : stay(connection);
    case "opened":
      return connection.phase.kind === "opening"
        ? to(connection, { phase: { kind: "connected" } })
        : stay(connection);
    case "closed":
      return holdsSocket(connection) ? onClosed(connection, event, random) : stay(connection);
    case "timer":
      return connection.phase.kind === "waiting" ? ask(connection) : stay(connection);
    case "stalled":
      return holdsSocket(connection)
        ? ask({ ...connection, because: "keepalive" }, { type: "drop" })
        : stay(connection);
    case "offline":
      return to(connection, { online: false }, ...probeIfConnected(connection));
    case "online":
    case "woke":
      return onBack(
        connection,
        event.type === "online" ? { ...connection, online: true } : connection,
      );
    case "retryNow":
      return connection.phase.kind === "waiting" || connection.phase.kind === "over"
        ? ask({ ...connection, damaged: 0 })
        : stay(connection);
  }
}

function onInstance(connection: Connection, running: boolean): Step {
  const next = { ...connection, running };
  if (!running) {
    if (connection.phase.kind === "idle") return stay(next);
    return to(
      { ...next, attempt: 0, damaged: 0, because: "first" },
      { phase: { kind: "idle" } },
      { type: "drop" },
    );
  }
  return connection.phase.kind === "idle" ? ask(next) : stay(next);
}

function onRefused(
  connection: Connection,
  refusal: { readonly status: number; readonly retryAfterMs: number | null },
  random: number,
): Step {
  const { status, retryAfterMs } = refusal;
  switch (status) {
    case 401:
      return to(connection, { phase: { kind: "over", over: "signedOut" } }, { type: "signIn" });
    case 404:
      return over(connection, "gone");
    case 409:
      // What is known of the instance is old: asking anew tells, and the timer is the second way.
      return wait({ ...connection, because: "lost" }, random, null, { type: "refresh" });
    case 429:
      return wait({ ...connection, because: "busy" }, random, retryAfterMs);
    default:
      if (status >= 400 && status < 500) return over(connection, "refused");
      return wait({ ...connection, because: "server" }, random, retryAfterMs);
  }
}

function onClosed(
  connection: Connection,
  event: { readonly code: number; readonly openMs: number },
  random: number,
): Step {
  const stable = event.openMs >= stableMs;
  const next: Connection = {
    ...connection,
    attempt: stable ? 0 : connection.attempt,
    damaged:
      event.code === closeCodes.protocolError.code
        ? connection.damaged + 1
        : stable
          ? 0
          : connection.damaged,
  };
  switch (event.code) {
    case closeCodes.grantEnded.code:
      return over(next, "access");
    case closeCodes.desktopEnded.code:
      return wait({ ...next, because: "upstream" }, random, null, { type: "refresh" });
    case closeCodes.upstreamLost.code:
      return wait({ ...next, because: "upstream" }, random, null, { type: "refresh" });
    case closeCodes.protocolError.code:
      return next.damaged >= damagedLimit
        ? over(next, "protocol")
        : wait({ ...next, because: "protocol" }, random, null);
    case closeCodes.gatewayDraining.code:
      return wait({ ...next, because: "draining" }, random, null);
    case closeCodes.relayRestarting.code:
      return wait({ ...next, because: "relay" }, random, null);
    case closeCodes.keepaliveLost.code:
      return wait({ ...next, because: "keepalive" }, random, null);
    default: {
      // The ticket was granted a moment ago: the server is there, what lies behind it is not.
      const because = connection.phase.kind === "opening" ? "node" : "lost";
      return wait({ ...next, because }, random, null, { type: "refresh" });
    }
  }
}

/** The network or the person is back: check what looks alive, try at once what waits. */
function onBack(before: Connection, connection: Connection): Step {
  if (before.phase.kind === "waiting") return ask(connection);
  return to(connection, {}, ...probeIfConnected(connection));
}

function ask(connection: Connection, ...before: Effect[]): Step {
  const next: Connection = {
    ...connection,
    phase: { kind: "asking" },
    attempt: connection.attempt + 1,
  };
  return { connection: next, effects: [...before, { type: "askTicket" }] };
}

function wait(
  connection: Connection,
  random: number,
  retryAfterMs: number | null,
  ...more: Effect[]
): Step {
  const own = connection.online
    ? backoffMs(Math.max(0, connection.attempt - 1), random)
    : offlineDelayMs;
  const delayMs = Math.max(own, retryAfterMs ?? 0);
  return to(connection, { phase: { kind: "waiting", delayMs } }, ...more, {
    type: "timer",
    delayMs,
  });
}

function over(connection: Connection, reason: Over): Step {
  return to(
    connection,
    { phase: { kind: "over", over: reason } },
    { type: "drop" },
    { type: "refresh" },
  );
}

function to(connection: Connection, change: Partial<Connection>, ...effects: Effect[]): Step {
  return { connection: { ...connection, ...change }, effects };
}

function stay(connection: Connection): Step {
  return { connection, effects: [] };
}

function holdsSocket(connection: Connection): boolean {
  return connection.phase.kind === "opening" || connection.phase.kind === "connected";
}

function probeIfConnected(connection: Connection): readonly Effect[] {
  return connection.phase.kind === "connected" ? [{ type: "probe" }] : [];
}
