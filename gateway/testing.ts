/** For tests: a gateway app on a database of its own, spoken to as a browser would. */
import { scryptSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { inject } from "vitest";
import { openTunnel } from "../test/edge/tunnel.ts";
import { startPrebuilt } from "../test/edge/harness.ts";
import { loggedIn, startWorker } from "../test/edge/worker.ts";
import { createTestDatabase, type TestDatabase } from "../db/testing.ts";
import type { KeyCacheOptions } from "../db/key-cache.ts";
import { createApp } from "./app.ts";
import type { Deps } from "./deps.ts";
import { createKeyRing } from "./keys.ts";
import { createChangeFeed } from "./node/feed.ts";
import { createMetrics } from "./node/metrics.ts";
import { createPeerOf, parseProxies } from "./node/peer.ts";
import { handleUpgrades } from "./node/upgrade.ts";
import { hashToken, newSignInToken } from "./middleware/signed-in.ts";
import { createHasher, parseHash } from "./password.ts";

export interface LoggedLine {
  readonly level: "info" | "warn" | "error";
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

export interface TestGateway {
  readonly database: TestDatabase;
  readonly sealingKey: Uint8Array;
  readonly origin: string;
  /** What it has logged up to now. */
  readonly lines: readonly LoggedLine[];
  forgetLines(): void;
  readonly deps: Deps;
  /** Adds a person with the password `a good password`. */
  addUser(username: string, roles?: string[]): Promise<string>;
  /** A browser that is signed in as this person. */
  signIn(username: string): Promise<Browser>;
  /** A browser that is a station, of a beamline that there is, or of one that is made for it. */
  addStation(beamline: string): Promise<Browser>;
  browser(): Browser;
  stop(): Promise<void>;
}

const cheap = { N: 2 ** 10, r: 8, p: 1 };

declare module "vitest" {
  interface ProvidedContext {
    /** What stands behind the gateways of a project's tests. */
    entry: "node" | "workerd";
  }
}

export const testPassword = "a good password";

/** Scrypt at a thousandth of its cost: tests sign in many times. */
const quickHasher = createHasher(async (password, salt, _, bytes) =>
  scryptSync(password, salt, bytes, cheap),
);

/** With its own parameters in it, so that any gateway can check it, and soon. */
async function hashForTests(): Promise<string> {
  const { salt, key } = parseHash(await quickHasher.hash(testPassword)) ?? {};
  const text = (bytes: Uint8Array = new Uint8Array()) =>
    Buffer.from(bytes).toString("base64").replaceAll("=", "");
  return `$scrypt$ln=10,r=8,p=1$${text(salt)}$${text(key)}`;
}

/** Keeps the cookie, and sends Origin as a browser does. */
export class Browser {
  readonly origin: string;
  cookie: string | undefined;
  constructor(origin: string) {
    this.origin = origin;
  }
  async fetch(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(this.origin + path, {
      method,
      headers: {
        ...(method === "GET" ? {} : { origin: this.origin }),
        ...(this.cookie ? { cookie: this.cookie } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const set = response.headers.get("set-cookie");
    if (set) this.cookie = set.split(";")[0];
    return response;
  }
  /** @returns the status and the parsed body */
  async call(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    const response = await this.fetch(method, path, body, headers);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      // Tests look at whatever came back.
      body: (text ? JSON.parse(text) : null) as Record<string, unknown> & { items: never[] },
    };
  }
}

export interface TestGatewayOptions {
  /** Where it runs; default: what the project of tests says. */
  readonly entry?: "node" | "workerd";
  /** A gateway of the same site: its database and its sealing key are used, and left alone. */
  readonly beside?: TestGateway;
  readonly keyCache?: KeyCacheOptions;
  /** Whether it asks others, nodes or providers, as it does where it runs for people. */
  readonly asksOthers?: boolean;
}

interface Door {
  readonly origin: string;
  /** Of a gateway that logs elsewhere than to what it was given. */
  readonly log?: { lines(): LoggedLine[]; forget(): void };
  close(): Promise<void>;
}

interface DoorOptions {
  readonly deps: Deps;
  readonly peerOf: ReturnType<typeof createPeerOf>;
  readonly database: TestDatabase;
  readonly sealingKey: Uint8Array;
  readonly asksOthers: boolean;
}

async function openNode({ deps, peerOf }: DoorOptions): Promise<Door> {
  const server = createServer(getRequestListener(createApp(deps).fetch));
  handleUpgrades(server, deps, peerOf);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The same site through a Worker, with a tunnel to whatever relay its node has. */
async function openWorkerd({ database, sealingKey, asksOthers }: DoorOptions): Promise<Door> {
  const databaseUrl = database.urls.gateway;
  if (!asksOthers) {
    const { origin, log, stop } = await startPrebuilt({ databaseUrl, sealingKey });
    return { origin, log, close: stop };
  }
  const tunnel = await openTunnel(async () => {
    const [node] = await database.owner.sql<{ url: string }[]>`
      select relay_url as url from nodes where id = ${database.nodeId}`;
    return node?.url.replace("unix:", "") ?? "/nowhere";
  });
  const worker = await startWorker({ databaseUrl, sealingKey, nodeUrl: tunnel.url });
  return {
    origin: worker.origin,
    log: {
      lines: () => worker.output.map(loggedIn),
      forget: () => void worker.output.splice(0),
    },
    async close() {
      await worker.stop();
      await tunnel.close();
    },
  };
}

export async function startTestGateway(
  postgresUrl: string,
  { beside, keyCache, asksOthers = false, entry = inject("entry") }: TestGatewayOptions = {},
): Promise<TestGateway> {
  const database = beside?.database ?? (await createTestDatabase(postgresUrl));
  const sealingKey = beside?.sealingKey ?? crypto.getRandomValues(new Uint8Array(32));
  const { db } = database.as("gateway", { max: 10 });
  const lines: LoggedLine[] = [];
  const note = (level: LoggedLine["level"]) => (fields: Record<string, unknown>, message: string) =>
    void lines.push({ level, fields, message });
  const log = { info: note("info"), warn: note("warn"), error: note("error") };
  const feed = createChangeFeed(db, database.urls.gateway, log);
  const draining = new AbortController();
  const peerOf = createPeerOf(parseProxies([]), undefined);
  const deps: Deps = {
    db,
    log,
    sealingKey,
    keys: createKeyRing(db, sealingKey, keyCache),
    passwords: quickHasher,
    feed,
    metrics: createMetrics(() => 0),
    draining: draining.signal,
    closing: draining.signal,
    peer: (_request, env) => peerOf((env as { incoming: never }).incoming),
  };
  const door = await (entry === "workerd" ? openWorkerd : openNode)({
    deps,
    peerOf,
    database,
    sealingKey,
    asksOthers,
  });
  const { origin } = door;
  const hash = await hashForTests();
  return {
    database,
    sealingKey,
    origin,
    get lines() {
      return door.log?.lines() ?? lines;
    },
    forgetLines() {
      lines.length = 0;
      door.log?.forget();
    },
    deps,
    async addUser(username, roles = ["user"]) {
      const [row] = await database.owner.sql<{ id: string }[]>`
        insert into users (username, display_name, roles, password_hash)
        values (${username}, ${username}, ${`{${roles.join(",")}}`}::text[], ${hash}) returning id`;
      if (!row) throw new Error("the user was not added");
      return row.id;
    },
    browser: () => new Browser(origin),
    async signIn(username) {
      const browser = new Browser(origin);
      const body = { username, password: testPassword };
      const { status } = await browser.call("POST", "/api/auth/login", body);
      if (status !== 200) throw new Error(`sign-in answered ${status}`);
      return browser;
    },
    async addStation(beamline) {
      const token = newSignInToken();
      const name = `station-${crypto.randomUUID().slice(0, 8)}`;
      await database.owner.sql`
        with b as (
          insert into beamlines (code, name) values (${beamline}, ${beamline})
          on conflict (lower(code)) do update set name = excluded.name returning id
        ), u as (
          insert into users (username, display_name, kind, roles)
          values (${name}, ${name}, 'station', '{station}') returning id
        ), s as (
          insert into stations (beamline_id, name, user_id) select b.id, ${name}, u.id from b, u
        )
        insert into sign_ins (user_id, token_hash, expires_at)
        select id, ${await hashToken(token)}, now() + interval '1 day' from u`;
      const browser = new Browser(origin);
      browser.cookie = `asci_session=${token}`;
      return browser;
    },
    async stop() {
      draining.abort();
      await door.close();
      await feed.close();
      if (!beside) await database.drop();
    },
  };
}
