import type { ChangeCursor, Change } from "../db/changes.ts";
import type { Db } from "../db/client.ts";
import type { FoundSignIn } from "../db/sign-ins.ts";
import type { KeyRing } from "./keys.ts";
import type { Logger } from "./log.ts";
import type { PasswordHasher } from "./password.ts";

/** Where a request comes from, as far as the runtime and the trusted proxies tell. */
export interface Peer {
  /** The client's address; null where the runtime tells none. */
  readonly address: string | null;
  /** The origin that browsers use for this gateway, e.g. `https://asci.example.org`. */
  readonly origin: string;
}

/** Tells when something may have changed for a person. */
export interface ChangeFeed {
  /**
   * Waits until this person has changes after `cursor` and gives them, at most 100. May give an empty
   * list (a chance to send a keepalive). Rejects once `signal` aborts.
   */
  next(userId: string, cursor: ChangeCursor, signal: AbortSignal): Promise<Change[]>;
}

export interface Metrics {
  request(labels: { method: string; route: string; status: number }, seconds: number): void;
  signIn(outcome: "allowed" | "refused" | "limited"): void;
  eventStreams(delta: 1 | -1): void;
  /** Prometheus text exposition format 0.0.4; undefined where nothing is counted. */
  text(): Promise<string> | undefined;
}

/** Everything the app needs from outside; it keeps nothing between requests itself. */
export interface Deps {
  readonly db: Db;
  readonly log: Logger;
  readonly keys: KeyRing;
  /** What stands sealed in the database is opened with it. */
  readonly sealingKey: Uint8Array;
  readonly passwords: PasswordHasher;
  readonly feed: ChangeFeed;
  readonly metrics: Metrics;
  /** Aborts when this gateway was asked to end: readiness fails from then on. */
  readonly draining: AbortSignal;
  /** Aborts when it takes nothing new any more: event streams end then. */
  readonly closing: AbortSignal;
  peer(request: Request, env: unknown): Peer;
}

/** Variables of a request's context. */
export interface Variables {
  requestId: string;
  peer: Peer;
  signIn: FoundSignIn | undefined;
}

export interface AppEnv {
  Variables: Variables;
}
