import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingMessage, createServer } from "node:http";
import {
  type AddressInfo,
  type Server,
  type Socket,
  connect,
  createServer as createNetServer,
} from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { acceptKey } from "../../wire/accept-key.ts";
import { BufferPool } from "../../wire/buffers.ts";
import { closeCodes } from "../../wire/close-codes.ts";
import { writeProblem } from "../../wire/problem.ts";
import { readHandshake } from "../../wire/upgrade.ts";
import { askRaw, upgradeHead } from "../../test/raw-upgrade.ts";
import { upgradeRequestText } from "./head.ts";
import { type JoinOptions, type JoinResult, joinUpstream, parseUpstream } from "./join.ts";

const secret = "ticket.eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl";
const key = "dGhlIHNhbXBsZSBub25jZQ==";
const pool = new BufferPool();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "join-"));
  onTestFinished(() => rm(folder, { recursive: true }));
});

const listen = async (server: Server, path: string): Promise<void> => {
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
};

/** A relay written by hand: `answer` gets the whole request head as text. */
async function rawRelay(answer: (socket: Socket, request: string) => void): Promise<void> {
  const server = createNetServer((socket) => {
    let seen = "";
    const onData = (chunk: Buffer): void => {
      seen += chunk.toString("latin1");
      if (!seen.includes("\r\n\r\n")) return;
      socket.off("data", onData);
      answer(socket, seen);
    };
    socket.on("error", () => {}).on("data", onData);
    onTestFinished(() => void socket.destroy());
  });
  await listen(server, join(folder, "relay.sock"));
}

interface HandwrittenAnswer {
  /** All that the relay got. */
  readonly heard: () => string;
  /** Settles when the relay's connection is closed: it can get no more then. */
  readonly over: Promise<void>;
}

/** A relay that answers one request by `text`, and goes on talking and listening. */
async function relayThatSays(text: string): Promise<HandwrittenAnswer> {
  let heard = "";
  const over = Promise.withResolvers<void>();
  await rawRelay((socket, request) => {
    heard = request;
    socket.on("data", (chunk) => (heard += chunk.toString("latin1")));
    socket.on("close", () => over.resolve());
    socket.write(text, "latin1", () => socket.write("<said by the relay>"));
  });
  return { heard: () => heard, over: over.promise };
}

/** A gateway that joins every upgrade; answers 502 where that fails. */
async function gateway(options: Partial<JoinOptions> = {}): Promise<JoinResult[]> {
  const results: JoinResult[] = [];
  const server = createServer();
  server.on("upgrade", (request, clientSocket, head) => {
    const handshake = readHandshake(request);
    if (handshake === undefined) return writeProblem(clientSocket, { status: 400 });
    void joinUpstream({
      clientSocket,
      head,
      request: { path: "/vnc/one", ...handshake, requestId: "r-1" },
      upstream: `unix:${join(folder, "relay.sock")}`,
      pool,
      ...options,
    }).then((result) => {
      results.push(result);
      if (result.kind === "joined") onTestFinished(() => result.stream.destroy());
      else writeProblem(clientSocket, { status: 502, code: result.kind });
    });
  });
  await listen(server, join(folder, "gateway.sock"));
  onTestFinished(() => server.closeAllConnections());
  return results;
}

const open = (): WebSocket =>
  new WebSocket(`ws+unix:${join(folder, "gateway.sock")}:/vnc/one?x=y`, ["binary", secret], {
    perMessageDeflate: false,
    headers: { cookie: "asci_session=secret", authorization: "Bearer secret", "x-other": "1" },
  });

/** Sends a client's request by hand with `behind` right behind it; collects the answer. */
function rawClient(behind = ""): { socket: Socket; answer: () => string } {
  const socket = connect(join(folder, "gateway.sock"));
  let answer = "";
  socket.on("data", (chunk) => (answer += chunk.toString("latin1"))).on("error", () => {});
  onTestFinished(() => void socket.destroy());
  socket.write(
    "GET /vnc/one HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Protocol: binary, ${secret}\r\n\r\n${behind}`,
  );
  return { socket, answer: () => answer };
}

const good101 = (more = ""): string =>
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n" +
  `Sec-WebSocket-Accept: ${acceptKey(key)}\r\nSec-WebSocket-Protocol: binary\r\n${more}\r\n`;

const closing = (ws: WebSocket): Promise<{ code: number; reason: string }> =>
  new Promise((resolve) =>
    ws.on("close", (code, reason) => resolve({ code, reason: reason.toString() })),
  );

/** Waits until a count no longer changes from one look to the next. */
async function standsStill(count: () => number): Promise<void> {
  let before = -1;
  const unchanged = (): boolean => {
    const still = count() === before;
    before = count();
    return still;
  };
  await expect.poll(unchanged).toBe(true);
}

/**
 * A client that talks on whatever it is told: it gets the gateway's own answer and nothing else, and
 * the relay gets nothing of it.
 */
async function expectRefusedOnly(relay: HandwrittenAnswer): Promise<void> {
  const protocols = `binary, ${secret}`;
  const answer = await askRaw(
    { path: join(folder, "gateway.sock") },
    upgradeHead("/vnc/one", { "Sec-WebSocket-Key": key, "Sec-WebSocket-Protocol": protocols }),
  );
  expect(answer).toMatchObject({ status: 502, body: { status: 502 }, behind: "" });
  expect(JSON.stringify(answer)).not.toMatch(/relay|X-Own|101|body of/i);
  await relay.over;
  expect(relay.heard()).toBe(
    upgradeRequestText({ path: "/vnc/one", key, protocols: ["binary", secret], requestId: "r-1" }),
  );
}

describe("a join", () => {
  it("sends on only what the relay needs, and carries both ways", async () => {
    const requests: IncomingMessage[] = [];
    const relay = createServer();
    const wss = new WebSocketServer({ server: relay, perMessageDeflate: false });
    wss.on("connection", (ws, request) => {
      requests.push(request);
      ws.on("message", (data) => ws.send(data));
    });
    await listen(relay, join(folder, "relay.sock"));
    const results = await gateway();
    const ws = open();
    const messages: Buffer[] = [];
    ws.on("message", (data: Buffer) => messages.push(data));
    await new Promise((resolve) => ws.on("open", resolve));
    expect(ws.protocol).toBe("binary");
    const big = Buffer.alloc(5_000_000, "abcdefg");
    ws.send(Buffer.from("hi"));
    ws.send(big);
    await expect.poll(() => messages.length, { timeout: 5000 }).toBe(2);
    expect(messages[1]?.equals(big)).toBe(true);
    expect(requests[0]?.url).toBe("/vnc/one");
    expect(requests[0]?.rawHeaders.filter((_, i) => i % 2 === 0)).toEqual([
      "Host",
      "Upgrade",
      "Connection",
      "Sec-WebSocket-Key",
      "Sec-WebSocket-Version",
      "Sec-WebSocket-Protocol",
      "x-request-id",
    ]);
    expect(requests[0]?.rawHeaders).toContain(`binary, ${secret}`);
    const closed = closing(ws);
    ws.close(1000);
    expect((await closed).code).toBe(1000);
    const [result] = results;
    if (result?.kind !== "joined") throw new Error("not joined");
    await result.stream.closed;
    expect(result.stream.stats().toClientBytes).toBeGreaterThan(big.length);
    expect(pool.lentBytes).toBe(0);
  });

  it("loses nothing that stands behind either head, and never echoes the ticket", async () => {
    const got: string[] = [];
    await rawRelay((socket, request) => {
      got.push(request);
      socket.on("data", (chunk) => got.push(chunk.toString("latin1")));
      // In pieces, split within the head's end.
      const answer = good101("X-Ticket: echo\r\n") + "\x82\x05hello";
      const cut = answer.indexOf("\r\n\r\n") + 3;
      socket.write(answer.slice(0, cut), "latin1", () => {
        setImmediate(() => socket.write(answer.slice(cut), "latin1"));
      });
    });
    await gateway();
    const { answer, socket } = rawClient("early bytes");
    socket.write(", and more");
    await expect.poll(answer).toContain("hello");
    await expect.poll(() => got.join("")).toContain("early bytes, and more");
    expect(answer()).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${acceptKey(key)}\r\nSec-WebSocket-Protocol: binary\r\n\r\n` +
        "\x82\x05hello",
    );
  });

  it("passes a relay's refusal on as data, never as a pipe", async () => {
    let after = "";
    await rawRelay((socket) => {
      socket.on("data", (chunk) => (after += chunk.toString()));
      writeProblem(socket, { status: 401, code: "ticket_used", title: "The ticket was used" });
    });
    const results = await gateway();
    const { answer } = rawClient("GET / HTTP/1.1\r\n\r\n");
    await expect.poll(answer).toContain("502 Bad Gateway");
    expect(results).toEqual([
      {
        kind: "refused",
        status: 401,
        problem: { status: 401, code: "ticket_used", title: "The ticket was used" },
      },
    ]);
    expect(answer()).not.toContain("ticket_used");
    expect(after).toBe("");
  });

  it.each([
    ["a body of its own", "Content-Length: 7\r\n\r\nbody of"],
    ["a body longer than it says", "Content-Length: 2\r\n\r\nbody of"],
    ["an unmeasured body", "Transfer-Encoding: chunked\r\n\r\n7\r\nbody of\r\n"],
    ["a valid 101 behind it", `Content-Length: 0\r\n\r\n${good101()}`],
  ])(
    "gives a client nothing of a refusal with %s, nor the relay anything of the client",
    async (_, rest) => {
      const relay = await relayThatSays(`HTTP/1.1 403 Forbidden\r\nX-Own: x\r\n${rest}`);
      const results = await gateway();
      await expectRefusedOnly(relay);
      expect(results).toEqual([{ kind: "refused", status: 403 }]);
    },
  );

  it.each([
    ["a wrong accept key", good101().replace(acceptKey(key), acceptKey("other"))],
    ["no upgrade", good101().replace("Upgrade: WebSocket\r\n", "")],
    ["no connection header", good101().replace(/Connection:.*\r\n/, "")],
    ["another subprotocol", good101().replace("Protocol: binary", "Protocol: base64")],
    ["an echoed ticket", good101().replace("Protocol: binary", `Protocol: ${secret}`)],
    ["an extension", good101("Sec-WebSocket-Extensions: permessage-deflate\r\n")],
    ["a doubled accept key", good101(`Sec-WebSocket-Accept: ${acceptKey(key)}\r\n`)],
    ["status 200", good101().replace("101", "200")],
    ["HTTP/1.0", good101().replace("HTTP/1.1", "HTTP/1.0")],
    ["a folded line", good101("X: a\r\n b\r\n")],
    ["a blank before a colon", good101("X : a\r\n")],
    ["a bare line feed", good101("X: a\nY: b\r\n")],
    ["no HTTP at all", "RFB 003.008\n\r\n\r\n"],
    ["a head without end", `HTTP/1.1 101 x\r\nX: ${"y".repeat(17_000)}`],
    ["a 100 before a valid 101", `HTTP/1.1 100 Continue\r\n\r\n${good101()}`],
    ["an empty line before a valid 101", `\r\n\r\n${good101()}`],
  ])("does not join on %s", async (_, text) => {
    const relay = await relayThatSays(text);
    const results = await gateway();
    await expectRefusedOnly(relay);
    expect(results[0]).toMatchObject({ kind: "unreachable", reason: "bad_answer" });
    expect(JSON.stringify(results)).not.toContain("ticket.");
  });

  it("says why a relay cannot be reached", async () => {
    const results = await gateway();
    await expect.poll(rawClient().answer).toContain("502");
    expect(results[0]).toMatchObject({ reason: "connect_failed", detail: "ENOENT" });
  });

  it("says that a relay hung up, or gave no answer in time", async () => {
    let calls = 0;
    await rawRelay((socket) => {
      calls += 1;
      if (calls === 1) socket.destroy();
    });
    const results = await gateway({ answerTimeoutMs: 30 });
    await expect.poll(rawClient().answer).toContain("502");
    await expect.poll(rawClient().answer).toContain("502");
    expect(results).toMatchObject([{ reason: "lost" }, { reason: "timeout" }]);
  });

  it("says that a relay was lost after it had taken the request, over TCP", async () => {
    const server = createNetServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const results = await gateway({ upstream: `tcp:127.0.0.1:${port}` });
    await expect.poll(rawClient().answer).toContain("502");
    expect(results[0]).toMatchObject({ reason: "lost", detail: "ECONNRESET" });
  });

  it("stops when the client goes first", async () => {
    let relaySocket: Socket | undefined;
    await rawRelay((socket) => (relaySocket = socket));
    const results = await gateway();
    const { socket } = rawClient();
    await expect.poll(() => relaySocket !== undefined).toBe(true);
    socket.destroy();
    await expect.poll(() => results).toEqual([{ kind: "client_gone" }]);
    await expect.poll(() => relaySocket?.readableEnded).toBe(true);
  });

  it("throws on a request that could add a header, without repeating it", () => {
    const join = (request: Partial<JoinOptions["request"]>) => () =>
      joinUpstream({
        clientSocket: undefined as unknown as Socket,
        head: Buffer.alloc(0),
        request: { path: "/vnc/x", key, protocols: ["binary"], ...request },
        upstream: "unix:/x",
        pool,
      });
    expect(join({ path: "/a HTTP/1.1\r\nX: y" })).toThrow(/path has an impossible form$/);
    expect(join({ path: "/a?ticket=1" })).toThrow(RangeError);
    expect(join({ key: "a\r\nb" })).toThrow(RangeError);
    expect(join({ protocols: ["binary\r\nX: y"] })).toThrow(RangeError);
    expect(join({ requestId: "a\nb" })).toThrow(RangeError);
    expect(join({ host: "a\r\n" })).toThrow(RangeError);
  });
});

describe("a joined stream", () => {
  const joined = async (relay: (socket: Socket) => void): Promise<JoinResult[]> => {
    await rawRelay((socket, request) => {
      const asked = /Sec-WebSocket-Key: (.+)\r\n/.exec(request)?.[1] ?? "";
      socket.write(good101().replace(acceptKey(key), acceptKey(asked)));
      relay(socket);
    });
    return gateway();
  };
  const streamOf = (results: JoinResult[]) => {
    const [result] = results;
    if (result?.kind !== "joined") throw new Error("not joined");
    return result.stream;
  };

  it("draining, closes at the next boundary with the gateway's code", async () => {
    let relaySocket: Socket | undefined;
    const results = await joined((socket) => (relaySocket = socket));
    const ws = open();
    const messages: string[] = [];
    ws.on("message", (data: Buffer) => messages.push(data.toString()));
    const closed = closing(ws);
    await expect.poll(() => results.length).toBe(1);
    relaySocket?.write("\x82\x03one\x82\x06fi", "latin1");
    await expect.poll(() => messages).toEqual(["one"]);
    await expect.poll(() => streamOf(results).stats().toClientBytes).toBe(9);
    streamOf(results).close(closeCodes.gatewayDraining);
    relaySocket?.write("nish\x82\x05never", "latin1");
    expect(await closed).toEqual(closeCodes.gatewayDraining);
    expect(messages).toEqual(["one", "finish"]);
    expect(await streamOf(results).closed).toEqual({ by: "gateway" });
  });

  it("draining, closes an idle stream at once", async () => {
    const results = await joined(() => {});
    const closed = closing(open());
    await expect.poll(() => results.length).toBe(1);
    streamOf(results).close(closeCodes.gatewayDraining);
    expect(await closed).toEqual(closeCodes.gatewayDraining);
    await streamOf(results).closed;
  });

  it("says so when the relay is lost between frames", async () => {
    const results = await joined((socket) => socket.end("\x82\x03one", "latin1"));
    expect(await closing(open())).toEqual(closeCodes.upstreamLost);
    expect(await streamOf(results).closed).toEqual({ by: "upstream" });
  });

  it("ends without a word when the relay is lost within a frame", async () => {
    const results = await joined((socket) => socket.end("\x82\x06on", "latin1"));
    expect((await closing(open())).code).toBe(1006);
    await streamOf(results).closed;
  });

  it("lets the relay's own close frame be the last word", async () => {
    const results = await joined((socket) => {
      socket.write("\x88\x02\x0f\xa3", "latin1");
      socket.on("data", () => socket.end());
    });
    const { answer, socket } = rawClient();
    await expect.poll(answer).toContain("\x88\x02\x0f\xa3");
    socket.write("\x88\x82\0\0\0\0\x0f\xa3", "latin1");
    await streamOf(results).closed;
    expect(answer().endsWith("\r\n\r\n\x88\x02\x0f\xa3")).toBe(true);
  });

  it("takes no more from a client than the relay takes, and loses none of it", async () => {
    let relaySocket: Socket | undefined;
    let received = 0;
    const results = await joined((socket) => {
      relaySocket = socket.pause();
      socket.on("data", (chunk) => (received += chunk.length)).pause();
    });
    const { socket } = rawClient();
    await expect.poll(() => results.length).toBe(1);
    const chunk = Buffer.alloc(1_000_000);
    for (let i = 0; i < 20; i += 1) socket.write(chunk);
    await expect.poll(() => streamOf(results).stats().toUpstreamBytes).toBeGreaterThan(0);
    await standsStill(() => streamOf(results).stats().toUpstreamBytes);
    expect(streamOf(results).stats().toUpstreamBytes).toBeLessThan(5_000_000);
    relaySocket?.resume();
    await expect.poll(() => received, { timeout: 5000 }).toBe(20_000_000);
  });

  it("reads no more from a relay than a client that does not read leaves room for", async () => {
    let sent = 0;
    const results = await joined((socket) => {
      const frame = Buffer.concat([Buffer.from([0x82, 126, 0xff, 0xff]), Buffer.alloc(0xffff)]);
      const more = (): void => {
        while (!socket.destroyed && sent < 200_000_000) {
          sent += frame.length;
          if (!socket.write(frame)) return;
        }
      };
      socket.on("drain", more);
      more();
    });
    const { socket } = rawClient();
    socket.pause();
    await expect.poll(() => results.length).toBe(1);
    await standsStill(() => sent);
    expect(sent).toBeLessThan(20_000_000);
    expect(pool.lentBytes).toBeLessThanOrEqual(600_000);
    streamOf(results).destroy();
    await streamOf(results).closed;
    expect(pool.lentBytes).toBe(0);
  });
});

describe("a relay's address", () => {
  it("is a unix socket or host and port", () => {
    expect(parseUpstream("unix:/run/relay.sock")).toEqual({ path: "/run/relay.sock" });
    expect(parseUpstream("tcp:10.0.0.1:7000")).toEqual({ host: "10.0.0.1", port: 7000 });
    expect(parseUpstream("tcp:[::1]:7000")).toEqual({ host: "::1", port: 7000 });
    expect(parseUpstream("unix:relative")).toBeUndefined();
    expect(parseUpstream("tcp:host:99999")).toBeUndefined();
    expect(parseUpstream("http://host")).toBeUndefined();
  });
});
