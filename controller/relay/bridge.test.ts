import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { type Server, type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import WebSocket, { type ClientOptions } from "ws";
import { BufferPool } from "../../wire/buffers.ts";
import { closeCodes } from "../../wire/close-codes.ts";
import { readHandshake, switchingProtocols } from "../../wire/upgrade.ts";
import { type Bridge, type BridgeOptions, bridge } from "./bridge.ts";
import { Keepalive } from "./keepalive.ts";
import { Pace } from "./pace.ts";
import { clientMessages } from "./rfb-testing.ts";
import { createViewFilter } from "./view-filter.ts";
import { generatePassword } from "./vnc-password.ts";
import { type FakeVnc, fakeVnc } from "./testing.ts";
import { connectUpstream } from "./upstream.ts";

let folder: string;
let ticks: (() => void)[] = [];
let keepalive: Keepalive;
const password = generatePassword();
const pool = new BufferPool();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bridge-"));
  ticks = [];
  keepalive = keepaliveByHand();
});

afterEach(() => rm(folder, { recursive: true }));

const keepaliveByHand = (): Keepalive =>
  new Keepalive({
    every: (_periodMs, tick) => {
      ticks.push(tick);
      return () => {};
    },
  });

/** One whole keepalive interval passes. */
const passInterval = (): void => {
  for (let i = 0; i < 20; i += 1) for (const tick of ticks) tick();
};

interface Setup {
  readonly vnc: FakeVnc;
  readonly relay: Server;
  readonly bridges: Bridge[];
  open(options?: ClientOptions): WebSocket;
}

async function setUp(
  serve: (socket: Socket, shared: number) => void,
  options: Partial<BridgeOptions> = {},
): Promise<Setup> {
  const vnc = await fakeVnc(join(folder, "vnc.sock"), password, serve);
  const relay = createServer();
  const bridges: Bridge[] = [];
  relay.on("upgrade", (request, client, head) => {
    void connectUpstream({ root: folder, name: "vnc.sock", password, pool }).then((upstream) => {
      const handshake = readHandshake(request);
      if (handshake === undefined) throw new Error("no handshake");
      client.write(switchingProtocols(handshake.key));
      bridges.push(bridge({ client, head, upstream, keepalive, ...options }));
    });
  });
  const path = join(folder, "relay.sock");
  await new Promise<void>((resolve) => relay.listen(path, resolve));
  onTestFinished(async () => {
    for (const one of bridges) one.destroy();
    relay.close();
    relay.closeAllConnections();
    await vnc.close();
  });
  const open = (more: ClientOptions = {}): WebSocket =>
    new WebSocket(`ws+unix:${path}:/`, ["binary"], { perMessageDeflate: false, ...more });
  return { vnc, relay, bridges, open };
}

/** A browser's half of the RFB handshake; resolves with all bytes that follow, as they come. */
async function viewer(ws: WebSocket, shared = 0): Promise<{ received: () => Buffer }> {
  const chunks: Buffer[] = [];
  ws.on("message", (data: Buffer) => chunks.push(data));
  const received = (): Buffer => Buffer.concat(chunks);
  await expect.poll(() => received().toString("latin1")).toBe("RFB 003.008\n");
  ws.send(Buffer.from("RFB 003.008\n"));
  await expect.poll(() => received().subarray(12)).toEqual(Buffer.from([1, 1]));
  ws.send(Buffer.from([1]));
  await expect.poll(() => received().subarray(14)).toEqual(Buffer.alloc(4));
  ws.send(Buffer.from([shared]));
  return { received: () => received().subarray(18) };
}

const closing = (ws: WebSocket): Promise<{ code: number; reason: string }> =>
  new Promise((resolve) =>
    ws.on("close", (code, reason) => resolve({ code, reason: reason.toString() })),
  );

describe("a bridge", () => {
  it("signs in upstream, lets the browser in without a password, and carries both ways", async () => {
    const shares: number[] = [];
    const { open, bridges } = await setUp((socket, shared) => {
      shares.push(shared);
      socket.on("data", (chunk) => socket.write(chunk));
    });
    const ws = open();
    const { received } = await viewer(ws);
    ws.send(Buffer.from("hello"));
    await expect.poll(() => received().toString()).toBe("hello");
    const big = Buffer.alloc(3_000_000, "0123456789");
    ws.send(big);
    await expect.poll(() => received().length, { timeout: 5000 }).toBe(big.length + 5);
    expect(received().subarray(5).equals(big)).toBe(true);
    expect(shares).toEqual([1]);
    expect(bridges[0]?.stats().toClientBytes).toBe(big.length + 5);
    const closed = closing(ws);
    ws.close(1000, "bye");
    expect(await closed).toEqual({ code: 1000, reason: "" });
    expect(await bridges[0]?.closed).toEqual({ by: "client", code: 1000, reason: "bye" });
  });

  it("carries a large picture whole to a client that reads slowly", async () => {
    const picture = Buffer.alloc(20_000_000);
    for (let i = 0; i < picture.length; i += 4) picture.writeUInt32LE(i, i);
    const { open } = await setUp((socket) => socket.write(picture));
    const ws = open();
    const { received } = await viewer(ws);
    ws.pause();
    await expect.poll(() => pool.lentBytes).toBeGreaterThan(0);
    ws.resume();
    await expect.poll(() => received().length, { timeout: 10_000 }).toBe(picture.length);
    expect(received().equals(picture)).toBe(true);
  });

  it("says that the desktop ended, after its last bytes", async () => {
    const { open, bridges } = await setUp((socket) => socket.end(Buffer.alloc(500_000, 1)));
    const ws = open();
    const closed = closing(ws);
    const { received } = await viewer(ws);
    expect(await closed).toEqual(closeCodes.desktopEnded);
    expect(received().length).toBe(500_000);
    expect(await bridges[0]?.closed).toEqual({ by: "desktop", ...closeCodes.desktopEnded });
    expect(pool.lentBytes).toBe(0);
  });

  it("closes between frames with the code it is given, however busy it is", async () => {
    const { open, bridges } = await setUp((socket) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(100_000)));
      };
      socket.on("drain", more);
      more();
    });
    const ws = open();
    const closed = closing(ws);
    const { received } = await viewer(ws);
    await expect.poll(() => received().length, { timeout: 5000 }).toBeGreaterThan(1_000_000);
    bridges[0]?.close(closeCodes.grantEnded);
    expect(await closed).toEqual(closeCodes.grantEnded);
    expect(await bridges[0]?.closed).toEqual({ by: "relay", ...closeCodes.grantEnded });
    expect(pool.lentBytes).toBe(0);
  });

  it("drops a client that answers no pings, and keeps one that does", async () => {
    const { open, bridges } = await setUp(() => {}, { closeTimeoutMs: 50 });
    const silent = open();
    await viewer(silent);
    let pings = 0;
    silent.on("ping", () => (pings += 1));
    passInterval();
    await expect.poll(() => pings).toBe(1);
    passInterval();
    await expect.poll(() => pings).toBe(2);
    silent.pause();
    passInterval();
    passInterval();
    passInterval();
    expect(await bridges[0]?.closed).toEqual({ by: "client", ...closeCodes.keepaliveLost });
    silent.terminate();
  });

  it("keeps a client that sends anything at all, and forgets one that is gone", async () => {
    const { open, bridges } = await setUp((socket) => socket.on("data", (c) => socket.write(c)));
    const ws = open({ autoPong: false });
    const { received } = await viewer(ws);
    for (let i = 1; i <= 5; i += 1) {
      passInterval();
      ws.send(Buffer.from("."));
      await expect.poll(() => received().length).toBe(i);
    }
    expect(keepalive.watched).toBe(1);
    ws.terminate();
    await bridges[0]?.closed;
    expect(keepalive.watched).toBe(0);
  });

  it("loses nothing that came together with the request", async () => {
    await setUp((socket) => socket.on("data", (chunk) => socket.write(chunk)));
    const frame = (payload: string): string =>
      `\x82${String.fromCodePoint(0x80 + payload.length)}\0\0\0\0${payload}`;
    const socket = connect(join(folder, "relay.sock"));
    let answer = "";
    socket.on("data", (chunk) => (answer += chunk.toString("latin1"))).on("error", () => {});
    socket.write(
      "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" +
        frame("RFB 003.008\n\x01\x00first") +
        frame("second"),
      "latin1",
    );
    await expect.poll(() => answer.replaceAll(/\x82./g, "")).toMatch(/firstsecond$/);
    socket.destroy();
  });

  it("takes no more input than the desktop takes, and loses none of it", async () => {
    let desktop: Socket | undefined;
    let received = 0;
    const { open, bridges } = await setUp((socket) => {
      desktop = socket.on("data", (chunk) => (received += chunk.length)).pause();
    });
    const ws = open();
    await viewer(ws);
    for (let i = 0; i < 20; i += 1) ws.send(Buffer.alloc(1_000_000));
    const sent = (): number => bridges[0]?.stats().toDesktopBytes ?? 0;
    await expect.poll(sent).toBeGreaterThan(1);
    let before = -1;
    const unchanged = (): boolean => {
      const still = sent() === before;
      before = sent();
      return still;
    };
    await expect.poll(unchanged).toBe(true);
    expect(sent()).toBeLessThan(5_000_000);
    // A client whose answers are not read is not given up.
    for (let i = 0; i < 5; i += 1) passInterval();
    desktop?.resume();
    await expect.poll(() => received, { timeout: 5000 }).toBe(20_000_000);
    expect(ws.readyState).toBe(WebSocket.OPEN);
  });

  it("answers pings, and refuses text", async () => {
    const { open } = await setUp(() => {});
    const ws = open();
    await viewer(ws);
    const pong = new Promise((resolve) => ws.on("pong", (data) => resolve(data.toString())));
    ws.ping("are you there");
    expect(await pong).toBe("are you there");
    const closed = closing(ws);
    ws.send("text");
    expect(await closed).toEqual(closeCodes.notBinary);
  });

  it("answers the last of many pings that come at once, not each of them", async () => {
    await setUp(() => {});
    const socket = connect(join(folder, "relay.sock"));
    let answer = "";
    socket.on("data", (chunk) => (answer += chunk.toString("latin1"))).on("error", () => {});
    const pings = Array.from({ length: 1000 }, (_, i) => `\x89\x84\0\0\0\0${1000 + i}`);
    socket.write(
      "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n${pings.join("")}`,
      "latin1",
    );
    await expect.poll(() => answer).toContain("\x8a\x041999");
    expect(answer.split("\x8a\x04").length - 1).toBeLessThan(10);
    socket.destroy();
  });

  it("passes input through the transform, whose refusal is a protocol error", async () => {
    const seen: Buffer[] = [];
    const { open } = await setUp((socket) => socket.on("data", (chunk) => seen.push(chunk)), {
      transformClient: (chunk) => {
        if (chunk.includes("forbidden")) throw new Error("no");
        return [Buffer.from("<"), chunk];
      },
    });
    const ws = open();
    const closed = closing(ws);
    await viewer(ws);
    ws.send(Buffer.from("fine"));
    await expect.poll(() => Buffer.concat(seen).toString()).toBe("<fine");
    ws.send(Buffer.from("forbidden"));
    expect(await closed).toEqual(closeCodes.protocolError);
    expect(Buffer.concat(seen).toString()).toBe("<fine");
  });

  it("turns away a browser that speaks RFB 3.3 or chooses what was not offered", async () => {
    const { open, vnc } = await setUp(() => {});
    const old = open();
    const oldClosed = closing(old);
    old.on("open", () => old.send(Buffer.from("RFB 003.003\n")));
    expect(await oldClosed).toEqual(closeCodes.protocolError);
    const other = open();
    const otherClosed = closing(other);
    other.on("open", () => other.send(Buffer.from("RFB 003.008\n\x02")));
    expect(await otherClosed).toEqual(closeCodes.protocolError);
    await expect.poll(() => vnc.sockets.size).toBe(0);
  });

  it("gives up on a browser that never finishes the handshake", async () => {
    const { open } = await setUp(() => {}, { handshakeTimeoutMs: 20 });
    expect(await closing(open())).toEqual(closeCodes.handshakeTimeout);
  });

  it("closes the desktop's connection when the client is gone without a word", async () => {
    const { open, vnc, bridges } = await setUp(() => {});
    const ws = open();
    await viewer(ws);
    expect(vnc.sockets.size).toBe(1);
    ws.terminate();
    expect((await bridges[0]?.closed)?.code).toBe(1006);
    await expect.poll(() => vnc.sockets.size).toBe(0);
  });
});

describe("a viewer that sends what it may at machine speed", () => {
  const request = clientMessages.updateRequest(true);
  const requestCount = 300_000;
  let nowMs: number;

  interface Flood extends Setup {
    readonly ws: WebSocket;
    readonly stream: Bridge;
    /** Requests that have come to the desktop. */
    reached(): number;
    /** Bytes that the relay has read of the viewer. */
    read(): number;
  }

  async function flood(): Promise<Flood> {
    nowMs = 0;
    const sizes: number[] = [0];
    // A clock that stands still earns nothing.
    const pace = new Pace({ perSecond: 100_000, now: () => nowMs });
    const setup = await setUp((socket) => socket.on("data", (chunk) => sizes.push(chunk.length)), {
      pace,
      transformClient: createViewFilter(pace),
      closeTimeoutMs: 60_000,
    });
    const clients: Socket[] = [];
    setup.relay.on("upgrade", (_request, socket: Socket) => clients.push(socket));
    const ws = setup.open();
    await viewer(ws);
    const block = Buffer.concat(Array.from({ length: 1000 }, () => request));
    for (let sent = 0; sent < requestCount; sent += 1000) ws.send(block);
    const [stream] = setup.bridges;
    if (!stream) throw new Error("there is no bridge");
    const reached = () => sizes.reduce((sum, size) => sum + size, 0) / request.length;
    return { ...setup, ws, stream, reached, read: () => clients[0]?.bytesRead ?? 0 };
  }
  const standsStill = async (count: () => number): Promise<void> => {
    let before = -1;
    const unchanged = (): boolean => {
      const still = count() > 0 && count() === before;
      before = count();
      return still;
    };
    await expect.poll(unchanged, { timeout: 10_000 }).toBe(true);
  };

  it("is read no faster than its pace, waits outside the relay, and loses nothing", async () => {
    const { reached, read } = await flood();
    const burst = 1000;
    const piece = 4096 / request.length;
    await expect.poll(reached).toBeGreaterThan(burst - piece);
    await standsStill(read);
    expect(reached()).toBeLessThanOrEqual(burst + piece);
    expect(read()).toBeLessThan(500_000);
    nowMs += 1000;
    await expect.poll(reached).toBeGreaterThan(2 * (burst - piece));
    await standsStill(read);
    expect(reached()).toBeLessThanOrEqual(2 * (burst + piece));
    await expect
      .poll(
        () => {
          nowMs += 1000;
          return reached();
        },
        { timeout: 60_000, interval: 5 },
      )
      .toBe(requestCount);
  }, 90_000);

  it("is told when the relay closes, and heard when it goes", async () => {
    const { ws, stream, reached, read } = await flood();
    await expect.poll(reached).toBeGreaterThan(500);
    await standsStill(read);
    const closed = closing(ws);
    stream.close(closeCodes.grantEnded);
    expect(await closed).toEqual(closeCodes.grantEnded);
    expect(await stream.closed).toEqual({ by: "relay", ...closeCodes.grantEnded });
  });

  it("is read on when a desktop that was slow has read, to the last message", async () => {
    let desktop: Socket | undefined;
    let received = 0;
    const pace = new Pace({ perSecond: 1e9, burst: 1e9 });
    const { open, bridges } = await setUp(
      (socket) => {
        desktop = socket.on("data", (chunk) => (received += chunk.length)).pause();
      },
      { pace, transformClient: createViewFilter(pace) },
    );
    const ws = open();
    await viewer(ws);
    const clientInitBytes = 1;
    const passed = () => (bridges[0]?.stats().toDesktopBytes ?? 0) - clientInitBytes;
    const block = Buffer.concat(Array.from({ length: 6000 }, () => request));
    await expect.poll(passed).toBe(0);
    let sent = 0;
    // Until the desktop takes no more in the middle of what the relay has read.
    while (passed() === sent) {
      ws.send(block);
      sent += block.length;
      await standsStill(passed);
    }
    desktop?.resume();
    await expect.poll(() => received, { timeout: 10_000 }).toBe(sent);
  }, 30_000);
});
