/** What only a Worker does: its settings, its scheduled run, its way to nodes, its log. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { placeQueue } from "../../controller/placer.ts";
import { seedCatalogue } from "../../db/testing.ts";
import { startTestGateway, type Browser, type TestGateway } from "../../gateway/testing.ts";
import { freePort } from "../../cli/ports.ts";
import { keyTime } from "../keys.ts";
import { askUpgrade } from "../upgrade.ts";
import { startWorker, type TestWorker } from "./worker.ts";

const day = 24 * 3600;
let gateway: TestGateway;
let worker: TestWorker;
let ada: Browser;
let instanceId: string;
/** Stands where a node's public name leads to. */
let node: Server;
let asked: { readonly path: string; readonly headers: IncomingHttpHeaders }[];
let answer: string;
/** Whether it leaves the connection open behind its answer. */
let holds: boolean;

const run = (text: string) => gateway.database.owner.sql.unsafe(text);
const access = { ASCI_ACCESS_CLIENT_ID: "an-id", ASCI_ACCESS_CLIENT_SECRET: "a-secret-word" };

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"), { entry: "node" });
  node = createServer((_, response) => response.writeHead(404).end());
  node.on("upgrade", ({ url, headers }, socket) => {
    asked.push({ path: url ?? "", headers });
    socket.on("error", () => {}).write(answer);
    if (!holds) socket.end();
  });
  node.listen(0, "127.0.0.1");
  await once(node, "listening");
  const { port } = node.address() as AddressInfo;
  worker = await startWorker({
    databaseUrl: gateway.database.urls.gateway,
    sealingKey: gateway.sealingKey,
    nodeUrl: `http://127.0.0.1:${port}`,
    variables: access,
  });
  await run("update nodes set ready = true, last_seen_at = now(), cpus = 100, memory_bytes = 1e12");
  await gateway.addUser("ada");
  await gateway.addUser("root", ["admin", "user"]);
  const { username } = await seedCatalogue(gateway.database.owner.db);
  ada = await gateway.signIn("ada");
  const started = await ada.call("POST", "/api/instances", { environment: `env-${username}` });
  instanceId = String(started.body["id"]);
  await placeQueue(gateway.database.as("placer").db);
  await run("update instances set state = 'running'; update nodes set relay_url = 'unix:/nowhere'");
});
afterAll(async () => {
  await worker?.stop();
  node?.close();
  await gateway?.stop();
});
beforeEach(() => {
  asked = [];
  holds = false;
});

async function offer(): Promise<string> {
  const wish = { permission: "view" };
  const made = await ada.call("POST", `/api/instances/${instanceId}/tickets`, wish);
  return `binary, ticket.${String(made.body["ticket"])}`;
}

const openDesktop = async (headers: Record<string, string> = {}) =>
  askUpgrade(`${worker.origin}/vnc/${instanceId}`, await offer(), headers);

describe("the way to a node", () => {
  it("carries the ticket and the service token, and nothing of the client's", async () => {
    answer = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    const own = {
      cookie: ada.cookie ?? "",
      authorization: "Bearer mine",
      "x-forwarded-for": "9.9.9.9",
    };
    const refused = await openDesktop({ ...own, origin: worker.origin });
    expect(refused).toMatchObject({ status: 503, body: { code: "node_unreachable" } });
    expect(asked).toHaveLength(1);
    const { path, headers } = asked[0]!;
    expect(path).toBe(`/vnc/${instanceId}`);
    expect(headers["sec-websocket-protocol"]).toMatch(/^binary, ?ticket\.eyJ/);
    expect(headers["cf-access-client-id"]).toBe("an-id");
    expect(headers["cf-access-client-secret"]).toBe("a-secret-word");
    expect(headers["x-request-id"]).toBe(refused.body?.["requestId"]);
    expect(headers["sec-websocket-extensions"]).toBeUndefined();
    for (const name of ["cookie", "authorization", "x-forwarded-for", "origin"])
      expect(headers[name]).toBeUndefined();
  });

  it.each([
    ["never answers", ""],
    [
      "stops after its answer's head",
      "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n",
    ],
  ])("is given up where the node %s", async (_, text) => {
    answer = text;
    holds = true;
    const refused = await openDesktop();
    expect(refused).toMatchObject({ status: 503, body: { code: "node_unreachable" } });
  });

  const json = (status: string, body: unknown) => {
    const text = JSON.stringify(body);
    return `HTTP/1.1 ${status}\r\nContent-Type: application/problem+json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
  };
  const accepted = (more: string) =>
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${more}\r\n`;
  it.each([
    [
      "a tunnel's page",
      "HTTP/1.1 530 \r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno",
      503,
      "node_unreachable",
    ],
    [
      "a sign-in page",
      "HTTP/1.1 302 Found\r\nLocation: https://login.example\r\nContent-Length: 0\r\n\r\n",
      503,
      "node_unreachable",
    ],
    ["a plain answer", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 503, "node_unreachable"],
    ["nothing", "", 503, "node_unreachable"],
    [
      "a 101 that proves nothing",
      accepted("Sec-WebSocket-Accept: wrong\r\n"),
      503,
      "node_unreachable",
    ],
    [
      "the relay's word on the ticket",
      json("401 Unauthorized", { status: 401, code: "ticket_used" }),
      401,
      "ticket_used",
    ],
    [
      "the relay's word on the desktop",
      json("409 Conflict", { status: 409, code: "not_running" }),
      409,
      "not_running",
    ],
    [
      "a word that is no refusal's",
      json("500 Oops", { code: "<script>" }),
      503,
      "node_unreachable",
    ],
  ])("with %s at its end is refused in the gateway's own words", async (_, text, status, code) => {
    answer = text;
    const refused = await openDesktop();
    expect(refused).toMatchObject({ status, body: { code } });
    expect(JSON.stringify(refused.body)).not.toMatch(/script|login\.example/);
  });
});

describe("the scheduled run", () => {
  const keyTimes = keyTime(() => gateway.database.owner.db);
  const trigger = async () => {
    const { status } = await fetch(`${worker.origin}/cdn-cgi/local/scheduled`);
    expect(status).toBe(200);
  };
  const published = async () => {
    const { sql } = gateway.database.owner;
    const [row] = await sql<{ keys: number; audited: number }[]>`
      select (select count(*)::int from signing_keys) as keys,
        (select count(*)::int from audit where action = 'key.publish') as audited`;
    return row;
  };

  it("rotates the key that signs once it is old enough, and no sooner", async () => {
    await offer();
    await trigger();
    expect(await published()).toEqual({ keys: 1, audited: 1 });
    await keyTimes.pass(30 * day);
    await trigger();
    expect(await published()).toEqual({ keys: 2, audited: 2 });
    await trigger();
    expect(await published()).toEqual({ keys: 2, audited: 2 });
    expect(worker.output.join("\n")).toContain("published a key");
  });
});

describe("an event stream", () => {
  it("ends by itself in time, and the next one goes on where it was", async () => {
    const short = await startWorker({
      databaseUrl: gateway.database.urls.gateway,
      sealingKey: gateway.sealingKey,
      variables: { ASCI_EVENTS_SECONDS: "1" },
    });
    try {
      const read = async (lastId?: string) => {
        const position = lastId === undefined ? {} : { "last-event-id": lastId };
        const headers = { cookie: ada.cookie ?? "", ...position };
        return (await fetch(`${short.origin}/api/events`, { headers })).text();
      };
      const first = await read();
      const id = /^id: ?(\S+)$/m.exec(first)?.[1];
      expect(first).toContain("event: resync");
      const second = await read(id);
      expect(second).toContain("retry:");
      expect(second).not.toContain("resync");
    } finally {
      await short.stop();
    }
  });
});

describe("metrics", () => {
  it("are the platform's, and the answer says so to those who may ask", async () => {
    const at = (browser: Browser) =>
      fetch(`${worker.origin}/metrics`, { headers: { cookie: browser.cookie ?? "" } });
    expect((await at(ada)).status).toBe(403);
    const told = await at(await gateway.signIn("root"));
    expect(told.status).toBe(404);
    expect(await told.json()).toMatchObject({ code: "no_metrics" });
  });
});

describe("a Worker without its settings", () => {
  it("says which are wrong, in its log, and nothing of them to anybody else", async () => {
    const variables = {
      ASCI_SEALING_KEY: "c2hvcnQ=",
      ASCI_NODE_URL: "ftp://{node}",
      ASCI_ACCESS_CLIENT_ID: "alone",
    };
    const bare = await startWorker({
      databaseUrl: gateway.database.urls.gateway,
      sealingKey: gateway.sealingKey,
      variables,
    });
    try {
      for (const path of ["/healthz", "/api/me", "/"]) {
        const told = await fetch(bare.origin + path);
        expect(told.status).toBe(503);
        const text = await told.text();
        expect(JSON.parse(text)).toMatchObject({ code: "misconfigured", status: 503 });
        expect(text).not.toMatch(/ASCI_|c2hvcnQ/);
      }
      const log = bare.output.join("\n");
      for (const name of ["ASCI_SEALING_KEY", "ASCI_NODE_URL", "ASCI_ACCESS_CLIENT_SECRET"])
        expect(log).toContain(name);
      expect(log).not.toMatch(/c2hvcnQ|ftp:/);
    } finally {
      await bare.stop();
    }
  });
});

describe("a Worker whose database is a door that nobody is behind", () => {
  it("keeps nobody waiting for ever", async () => {
    const { url, close } = await pretendDatabase(Buffer.alloc(0));
    const alone = await startWorker({ databaseUrl: url, sealingKey: gateway.sealingKey });
    try {
      const cookie = `asci_session=${"a".repeat(43)}`;
      const [told, ready, refused] = await Promise.all([
        fetch(`${alone.origin}/api/me`, { headers: { cookie } }),
        fetch(`${alone.origin}/readyz`),
        askUpgrade(`${alone.origin}/vnc/${instanceId}`, await offer()),
      ]);
      expect(await told.json()).toMatchObject({ status: 503, code: "timeout" });
      expect(ready.status).toBe(503);
      expect(refused).toMatchObject({ status: 503, body: { code: "timeout" } });
    } finally {
      await alone.stop();
      close();
    }
  });
});

/** What stands where a database should: says `answer` to whoever connects, and hangs up. */
async function pretendDatabase(answer: Buffer): Promise<{ url: string; close(): void }> {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {}).once("data", () => socket.end(answer));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `postgres://asci_edge:none@127.0.0.1:${port}/asci`, close: () => server.close() };
}

/** An ErrorResponse (PostgreSQL protocol, message format `E`) with this SQLSTATE. */
function errorResponse(state: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C${state}\0MFailed to acquire a connection\0\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

describe("a Worker without its database", () => {
  it.each([
    ["refuses", undefined],
    ["is behind a pooler that cannot reach it", errorResponse("58000")],
    ["has too many clients", errorResponse("53300")],
    ["is going", errorResponse("57P01")],
  ])("that %s says so, and that desktops go on", async (_, answer) => {
    const nowhere = `postgres://asci_edge:none@127.0.0.1:${await freePort()}/asci`;
    const pretended = answer && (await pretendDatabase(answer));
    const databaseUrl = pretended?.url ?? nowhere;
    const alone = await startWorker({ databaseUrl, sealingKey: gateway.sealingKey });
    try {
      expect((await fetch(`${alone.origin}/readyz`)).status).toBe(503);
      const cookie = `asci_session=${"a".repeat(43)}`;
      const told = await fetch(`${alone.origin}/api/me`, { headers: { cookie } });
      expect(await told.json()).toMatchObject({ status: 503, code: "database_unreachable" });
      expect(told.headers.get("retry-after")).toBe("2");
      const refused = await askUpgrade(`${alone.origin}/vnc/${instanceId}`, await offer());
      expect(refused).toMatchObject({ status: 503, body: { code: "unavailable" } });
    } finally {
      await alone.stop();
      pretended?.close();
    }
  });
});

describe("the log", () => {
  it("is lines of JSON, and nothing printed has a ticket, a cookie or a secret in it", () => {
    const lines = worker.output.filter((it) => it.startsWith("{"));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({ name: "gateway", time: expect.any(Number) });
    expect(worker.output.join("\n")).not.toMatch(/eyJ|asci_session=|a-secret-word/);
  });
});
