import { createConnection } from "node:net";
import { decodeJwt, decodeProtectedHeader, SignJWT } from "jose";
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  it,
  onTestFinished,
} from "vitest";
import { jwksMaxAgeSeconds, keyCopyMaxAgeSeconds, keySchedule } from "../../db/key-schedule.ts";
import { listKeyTimes } from "../../db/keys.ts";
import { rotate } from "../../gateway/rotation.ts";
import { Browser, startTestGateway, type TestGateway } from "../../gateway/testing.ts";
import { until } from "../browser.ts";
import { keyTime } from "../keys.ts";
import { startTestRelay, type TestRelay } from "../relay.ts";
import { askUpgrade } from "../upgrade.ts";

const periodSeconds = 30 * 24 * 3600;
const clientCount = 8;
const time = keyTime(() => gateway.database.owner.db);

let gateway: TestGateway;
let second: TestGateway;
let rig: TestRelay;
/** The same person at either gateway. */
let browsers: readonly Browser[];
let instanceId: string;

beforeAll(async () => {
  const keyCache = time.copies;
  gateway = await startTestGateway(inject("postgresUrl"), { keyCache });
  second = await startTestGateway(inject("postgresUrl"), { beside: gateway, keyCache });
  rig = await startTestRelay(gateway, { keyCache });
  await gateway.addUser("ada");
  const ada = await gateway.signIn("ada");
  const there = new Browser(second.origin);
  there.cookie = ada.cookie;
  browsers = [ada, there];
  instanceId = await rig.startDesktop(ada);
});
afterAll(async () => {
  await rig?.close();
  await second?.stop();
  await gateway?.stop();
});

/** One ticket and what became of it. */
interface Use {
  readonly kid: string;
  /** Counts the uses in the order in which their tickets were asked for. */
  readonly number: number;
  readonly status: number;
  readonly code: unknown;
}

class Clients {
  readonly uses: Use[] = [];
  readonly faults: unknown[] = [];
  asked = 0;
  #ended = false;
  readonly #rounds: number[] = Array.from({ length: clientCount }, () => 0);
  readonly #running: Promise<unknown>;

  constructor() {
    this.#running = Promise.all(this.#rounds.map((_, client) => this.#run(client)));
  }

  /** Every client gets two more tickets and uses them: the second was asked for after this call. */
  async goOn(): Promise<void> {
    const goal = this.#rounds.map((round) => round + 2);
    await until("every client has gone on", async () => {
      if (this.faults.length > 0) throw new Error(String(this.faults[0]));
      return this.#rounds.every((round, client) => round >= (goal[client] ?? 0));
    });
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  async #run(client: number): Promise<void> {
    try {
      for (let round = 0; !this.#ended; round += 1) {
        await this.#useTicket(client + round);
        this.#rounds[client] = round + 1;
      }
    } catch (error) {
      this.faults.push(error);
    }
  }

  /** A ticket of one gateway, used at the same or at the other. */
  async #useTicket(turn: number): Promise<void> {
    this.asked += 1;
    const number = this.asked;
    const [here, there] = turn % 4 < 2 ? browsers : browsers.toReversed();
    if (!here || !there) throw new Error("there are two gateways");
    const protocols = await rig.offer(here, instanceId);
    const kid = kidOf(protocols);
    const at = turn % 2 === 0 ? here : there;
    const answer = await askUpgrade(`${at.origin}/vnc/${instanceId}`, protocols);
    answer.socket?.destroy();
    this.uses.push({ kid, number, status: answer.status, code: answer.body?.["code"] });
  }
}

const kidOf = (protocols: string) =>
  decodeProtectedHeader(protocols.replace("binary, ticket.", "")).kid ?? "";
const refusals = (uses: readonly Use[]) => uses.filter((it) => it.status !== 101);
const kidsSince = (clients: Clients, number: number) =>
  new Set(clients.uses.filter((it) => it.number > number).map((it) => it.kid));

async function signingKid(): Promise<string> {
  const keys = await listKeyTimes(gateway.database.owner.db);
  return keys.find((it) => it.state === "signing")?.kid ?? "";
}

/** The key ids at each gateway's JWKS address. */
async function published(): Promise<string[][]> {
  return Promise.all(
    browsers.map(async (browser) => {
      const answer = await browser.call("GET", "/.well-known/jwks.json");
      expect(answer.headers.get("cache-control")).toBe(`public, max-age=${jwksMaxAgeSeconds}`);
      const keys = answer.body["keys"] as unknown as { kid: string }[];
      return keys.map((it) => it.kid).sort();
    }),
  );
}
const atBoth = (...kids: string[]) => [kids.toSorted(), kids.toSorted()];

/** An unused ticket of now that does not expire before the end of the test. */
async function lastingTicket(): Promise<string> {
  const [browser] = browsers;
  if (!browser) throw new Error("there is a browser");
  const protocols = await rig.offer(browser, instanceId);
  const given = decodeJwt(protocols.replace("binary, ticket.", ""));
  const { kid, key } = await gateway.deps.keys.opened(kidOf(protocols));
  const jti = crypto.randomUUID();
  await gateway.database.owner.sql`
    insert into tickets (jti, user_id, sign_in_id, instance_id, incarnation, node_id, permission, kid, expires_at)
    select ${jti}, user_id, sign_in_id, instance_id, incarnation, node_id, permission, kid,
      now() + interval '1 h'
    from tickets where jti = ${given.jti ?? ""}`;
  const ticket = await new SignJWT({ ...given, jti })
    .setProtectedHeader({ alg: "ES256", typ: "vnc+jwt", kid })
    .setExpirationTime("1h")
    .sign(key);
  return `binary, ticket.${ticket}`;
}

const use = async (at: Browser | undefined, protocols: string) => {
  const answer = await askUpgrade(`${at?.origin}/vnc/${instanceId}`, protocols);
  answer.socket?.destroy();
  return { status: answer.status, code: answer.body?.["code"] };
};

/** What the relay itself says to a ticket. */
function useAtRelay(protocols: string): Promise<string> {
  const socket = createConnection(rig.path);
  onTestFinished(() => void socket.destroy());
  socket.write(
    `GET /vnc/${instanceId} HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
      `Sec-WebSocket-Protocol: ${protocols}\r\n\r\n`,
  );
  let answer = "";
  return new Promise((resolve) => {
    socket
      .on("error", () => {})
      .on("data", (chunk) => {
        answer += chunk.toString("latin1");
        if (answer.startsWith("HTTP/1.1 101")) resolve(answer);
      });
    socket.on("close", () => resolve(answer));
  });
}
const forged = { status: 401, code: "ticket_forged" };

describe("while people open desktops through two gateways", () => {
  let clients: Clients;
  beforeEach(() => {
    clients = new Clients();
    onTestFinished(() => clients.end());
  });

  it("keys rotate again and again, and nothing is refused but what a retired key signed", async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      await clients.goOn();
      const old = await signingKid();
      await time.pass(periodSeconds);
      expect(await published()).toEqual(atBoth(old));

      // Published: every gateway finds it due, one rotates.
      const rotations = await Promise.all(
        [gateway, second, gateway, second].map(({ deps, sealingKey }) =>
          rotate(deps.db, sealingKey, { olderThanSeconds: periodSeconds, by: "gateway" }),
        ),
      );
      const [rotation, ...others] = rotations.filter((it) => it !== undefined);
      expect(others).toEqual([]);
      const next = rotation?.published.kid ?? "";
      const beforeTurn = clients.asked;
      await clients.goOn();
      expect(kidsSince(clients, beforeTurn)).toEqual(new Set([old]));
      await time.pass(keyCopyMaxAgeSeconds + 1);
      expect(await published()).toEqual(atBoth(old, next));
      const early = [await lastingTicket(), await lastingTicket()] as const;

      // Signing: at both gateways, from the same moment on; what the old one signed is taken.
      await time.pass(keySchedule.publishedAheadSeconds - keyCopyMaxAgeSeconds);
      const switched = clients.asked;
      await clients.goOn();
      expect(kidsSince(clients, switched)).toEqual(new Set([next]));
      expect(await published()).toEqual(atBoth(old, next));
      expect(await use(browsers[turn % 2], early[0])).toMatchObject({ status: 101 });

      // Retired: what it signed is refused, by the relay as well.
      await time.pass(keySchedule.acceptedAfterSeconds);
      expect(await published()).toEqual(atBoth(next));
      for (const browser of browsers) expect(await use(browser, early[1])).toEqual(forged);
      expect(await useAtRelay(early[1])).toMatch(/^HTTP\/1.1 401 .*"ticket_forged"/s);
    }
    await clients.end();
    expect(clients.faults).toEqual([]);
    expect(refusals(clients.uses)).toEqual([]);
    expect(new Set(clients.uses.map((it) => it.kid)).size).toBe(4);
  }, 120_000);

  it("a leaked key is replaced at once, and no ticket of the new one is refused", async () => {
    await clients.goOn();
    const old = await signingKid();
    const early = await lastingTicket();
    await rotate(gateway.database.owner.db, gateway.sealingKey, { schedule: "at once", by: "me" });
    const replaced = clients.asked;
    await clients.goOn();
    expect(kidsSince(clients, replaced)).toEqual(new Set([await signingKid()]));
    for (const browser of browsers) expect(await use(browser, early)).toEqual(forged);
    expect(await useAtRelay(early)).toMatch(/^HTTP\/1.1 401 .*"ticket_forged"/s);
    await clients.end();
    expect(clients.faults).toEqual([]);
    for (const it of refusals(clients.uses)) {
      expect(it).toMatchObject({ kid: old, ...forged });
      expect(it.number).toBeLessThanOrEqual(replaced);
    }
  }, 60_000);
});

it("a retired key is refused at once, by those too who have a copy of it", async () => {
  // Everybody's copies are of now.
  for (const browser of browsers)
    expect(await use(browser, await lastingTicket())).toMatchObject({ status: 101 });
  const early = await lastingTicket();
  await rotate(gateway.database.owner.db, gateway.sealingKey, { schedule: "at once", by: "me" });
  expect(await useAtRelay(early)).toMatch(/^HTTP\/1.1 401 .*"ticket_forged"/s);
  for (const browser of browsers) {
    expect(await use(browser, early)).toEqual(forged);
    // By the gateway itself: what it checks later is not reached.
    expect(await use(browser, early.replace("binary, ", ""))).toEqual(forged);
  }
});
