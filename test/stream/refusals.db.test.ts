import { sql } from "drizzle-orm";
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { placeQueue } from "../../controller/placer.ts";
import { seedCatalogue } from "../../db/testing.ts";
import { type Browser, startTestGateway, type TestGateway } from "../../gateway/testing.ts";
import { askRaw, early, late, setTrap, upgradeHead, type Trap } from "../raw-upgrade.ts";

let gateway: TestGateway;
let ada: Browser;
let instanceId: string;
let ticket: string;
/** Where the node's relay would be: it hears whatever comes that far, and answers with no 101. */
let relay: Trap;
let folder: string;

const run = (text: string) => gateway.database.owner.sql.unsafe(text);

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"), { asksOthers: true });
  await run("update nodes set ready = true, last_seen_at = now(), cpus = 100, memory_bytes = 1e12");
  await gateway.addUser("ada");
  ada = await gateway.signIn("ada");
  const { username } = await seedCatalogue(gateway.database.owner.db);
  const started = await ada.call("POST", "/api/instances", { environment: `env-${username}` });
  instanceId = String(started.body["id"]);
  await placeQueue(gateway.database.as("placer").db);
});
afterAll(() => gateway.stop());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "refusals-"));
  const path = join(folder, "relay.sock");
  relay = await setTrap(path, (socket, heard) => {
    if (heard) socket.end("HTTP/1.1 204 No Content\r\n\r\nrelay's own");
  });
  await run(`update nodes set relay_url = 'unix:${path}'`);
  await run("update instances set state = 'running'");
  const answer = await ada.call("POST", `/api/instances/${instanceId}/tickets`, {
    permission: "control",
  });
  expect(answer).toMatchObject({
    status: 201,
    body: {
      url: `${gateway.origin.replace("http", "ws")}/vnc/${instanceId}`,
      protocols: ["binary", `ticket.${String(answer.body["ticket"])}`],
      expiresAt: expect.stringMatching(/Z$/),
    },
  });
  ticket = String(answer.body["ticket"]);
});

afterEach(async () => {
  await relay.close();
  await rm(folder, { recursive: true });
});

/** Workers keep the connection, and take what else was sent for a request without sense. */
const behindARefusal =
  inject("entry") === "workerd"
    ? /^(HTTP\/1\.1 400 Bad Request\r\n[^]*invalid HTTP method parsed)?$/
    : /^$/;

/** Asks as a client that does not wait for the answer before it goes on talking. */
async function askAt(
  path: string,
  protocols: string | undefined,
  headers: Readonly<Record<string, string>> = {},
) {
  const { hostname, port, host } = new URL(gateway.origin);
  const offered = protocols === undefined ? {} : { "Sec-WebSocket-Protocol": protocols };
  const head = upgradeHead(path, { Host: host, ...offered, ...headers });
  const answer = await askRaw({ host: hostname, port: Number(port) }, head);
  expect(answer.behind).toMatch(behindARefusal);
  await relay.quiet();
  for (const it of relay.heard) {
    expect(it).not.toContain(early);
    expect(it).not.toContain(late);
  }
  expect(JSON.stringify(answer)).not.toContain("relay's own");
  return answer;
}

const ask = (
  protocols: string | undefined,
  headers: Record<string, string> = {},
  id = instanceId,
) => askAt(`/vnc/${id}`, protocols, headers);

/** Of what the gateway refuses by itself: the relay was not even called. */
async function alone<T>(refused: Promise<T>): Promise<T> {
  const answer = await refused;
  // A call would have been heard before that of this ticket, which is good.
  await run("update instances set state = 'running'");
  await run("update tickets set used_at = null, expires_at = now() + interval '1 min'");
  expect(await ask(offer())).toMatchObject({ status: 503, body: { code: "node_unreachable" } });
  expect(relay.heard).toHaveLength(1);
  return answer;
}
const offer = (value = ticket) => `binary, ticket.${value}`;
const claims = {
  instance: "00000000-0000-4000-8000-000000000001",
  incarnation: 1,
  permission: "control",
};

async function signed(alg: string, more: (jwt: SignJWT) => SignJWT = (it) => it): Promise<string> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const { keys } = await gateway.deps.keys.jwks();
  const jwt = new SignJWT(claims)
    .setProtectedHeader({ alg, typ: "vnc+jwt", kid: keys[0]?.["kid"] ?? "" })
    .setIssuer("asci")
    .setAudience(gateway.database.nodeId)
    .setSubject(crypto.randomUUID())
    .setJti(crypto.randomUUID())
    .setExpirationTime("30s");
  return more(jwt).sign(privateKey);
}

/** Signed with the real key, which only a gateway has. */
async function ours(change: (jwt: SignJWT) => SignJWT, type = "vnc+jwt"): Promise<string> {
  const { kid, key } = await gateway.deps.keys.signer();
  const jwt = new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", typ: type, kid })
    .setIssuer("asci")
    .setAudience(gateway.database.nodeId)
    .setSubject(crypto.randomUUID())
    .setJti(crypto.randomUUID())
    .setExpirationTime("30s");
  return change(jwt).sign(key);
}

describe("an upgrade is refused before it happens, with a problem of its own", () => {
  it("from a foreign origin, before anything is said of the ticket", async () => {
    const answer = await alone(ask(undefined, { Origin: "https://elsewhere.example" }));
    expect(answer).toMatchObject({ status: 403, body: { code: "origin_foreign" } });
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(answer.body).toMatchObject({
      type: expect.any(String),
      title: expect.any(String),
      detail: expect.any(String),
      requestId: expect.any(String),
    });
  });

  it.each<[string, () => string | undefined | Promise<string>, string]>([
    ["without a ticket", () => "binary", "ticket_missing"],
    ["without subprotocols", () => undefined, "ticket_missing"],
    ["with what is no ticket", () => offer("garbage"), "ticket_malformed"],
    ["with three parts of nothing", () => offer("a.b.c"), "ticket_malformed"],
    ["with a character no token has", () => "binary, ticket.abc=", "ticket_malformed"],
    ["with two tickets", () => `${offer()}, ticket.${ticket}`, "ticket_malformed"],
    ["signed with another key", async () => offer(await signed("ES256")), "ticket_forged"],
    ["with a changed signature", () => offer(`${ticket.slice(0, -4)}AAAA`), "ticket_forged"],
    ["by another algorithm", async () => offer(await signed("ES384")), "ticket_algorithm"],
    ["unsigned", () => offer(`${new UnsecuredJWT(claims).encode()}x`), "ticket_algorithm"],
    [
      "from another issuer",
      async () => offer(await ours((it) => it.setIssuer("me"))),
      "ticket_audience",
    ],
    ["of another type", async () => offer(await ours((it) => it, "at+jwt")), "ticket_malformed"],
    ["expired", async () => offer(await ours((it) => it.setExpirationTime(1))), "ticket_expired"],
    ["that nobody was given", async () => offer(await ours((it) => it)), "ticket_revoked"],
  ])("%s", async (_what, protocols, code) => {
    expect(await alone(ask(await protocols()))).toMatchObject({ status: 401, body: { code } });
  });

  it("expired by the database's clock", async () => {
    await run("update tickets set expires_at = now() - interval '1 s'");
    expect(await alone(ask(offer()))).toMatchObject({
      status: 401,
      body: { code: "ticket_expired" },
    });
  });

  it("used before", async () => {
    await run("update tickets set used_at = now()");
    expect(await alone(ask(offer()))).toMatchObject({ status: 401, body: { code: "ticket_used" } });
  });

  it("for another instance", async () => {
    const other = "00000000-0000-4000-8000-000000000000";
    expect(await alone(ask(offer(), {}, other))).toMatchObject({
      status: 401,
      body: { code: "ticket_instance" },
    });
  });

  it("without the subprotocol binary", async () => {
    expect(await alone(ask(`ticket.${ticket}`))).toMatchObject({
      status: 400,
      body: { code: "binary_missing" },
    });
  });

  it("of what is not known", async () => {
    const gone = crypto.randomUUID();
    const jti = decodeJwt(ticket).jti ?? "";
    const { kid, key } = await gateway.deps.keys.signer();
    const forGone = await new SignJWT({ ...decodeJwt(ticket), instance: gone, jti })
      .setProtectedHeader({ alg: "ES256", typ: "vnc+jwt", kid })
      .sign(key);
    expect(await alone(ask(offer(forGone), {}, gone))).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
  });

  // Workers get no handshake to check: the platform makes it.
  it.skipIf(inject("entry") === "workerd").each([
    ["of another version", { "Sec-WebSocket-Version": "12" }],
    ["with a key that is none", { "Sec-WebSocket-Key": "short" }],
    ["of another protocol", { Upgrade: "h2c" }],
  ])("as a handshake %s", async (_what, headers) => {
    expect(await alone(ask(offer(), headers))).toMatchObject({
      status: 400,
      body: { code: "malformed" },
    });
  });

  it("of what does not run any more", async () => {
    await run("update instances set state = 'stopping'");
    expect(await alone(ask(offer()))).toMatchObject({ status: 409, body: { code: "not_running" } });
  });

  it.each([
    ["is out of reach", () => run("update nodes set relay_url = 'unix:/nowhere'")],
    ["gives no valid answer", async () => {}],
  ])("on a node whose relay %s, and the ticket is not spent", async (_what, prepare) => {
    await prepare();
    expect(await ask(offer())).toMatchObject({ status: 503, body: { code: "node_unreachable" } });
    const [row] = await gateway.database.owner.db.execute(sql`
      select used_at is not null as used from tickets where jti = ${decodeJwt(ticket).jti ?? ""}`);
    expect(row).toEqual({ used: false });
  });

  it("at an address that has no WebSocket", async () => {
    expect(await alone(askAt("/api/me", offer()))).toMatchObject({ status: 404 });
  });

  it("never with the ticket in the answer or in the log", async () => {
    for (const protocols of [offer(), `ticket.${ticket}`]) {
      const answer = await ask(protocols);
      expect(JSON.stringify([answer.headers, answer.body])).not.toContain(ticket.slice(0, 40));
    }
    expect(JSON.stringify(gateway.lines)).not.toContain("eyJ");
  });

  it("takes its own origin, and none at all", async () => {
    expect((await ask(offer(), { Origin: gateway.origin })).status).toBe(503);
    expect((await ask(offer())).status).toBe(503);
  });
});

describe("a key's private half", () => {
  it("is sealed in the database", async () => {
    const { key } = await gateway.deps.keys.signer();
    const { d } = await exportJWK(key).catch(() => ({ d: undefined }));
    const rows = await gateway.database.owner.sql<{ sealed: Uint8Array }[]>`
      select sealed_private as sealed from signing_keys`;
    const stored = Buffer.from(rows[0]?.sealed ?? []).toString("latin1");
    expect(stored.length).toBeGreaterThan(100);
    expect(stored).not.toContain('"d"');
    if (d) expect(stored).not.toContain(d);
  });
});
