import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type Server, type Socket, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { BufferPool, largeBlockBytes, smallBlockBytes } from "./buffers.ts";
import { Pump } from "./pump.ts";

let path: string;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "pump-"));
  path = join(folder, "source.sock");
  onTestFinished(() => rm(folder, { recursive: true }));
});

async function pumpFrom(
  pool: BufferPool,
  serve: (socket: Socket) => void,
): Promise<{ pump: Pump; source: Socket }> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
  const pump = new Pump(pool);
  const source = connect({ path, onread: pump.onread });
  source.on("error", () => {});
  pump.attach(source);
  onTestFinished(() => void source.destroy());
  await once(source, "connect");
  return { pump, source };
}

const plain = (whole: Buffer, start: number, end: number): Buffer => whole.subarray(start, end);

/** A sink that takes nothing until `open` is called. */
function shutSink(): { sink: PassThrough; taken: () => Buffer; open: () => void } {
  const chunks: Buffer[] = [];
  let go = (): void => {};
  const gate = new Promise<void>((resolve) => (go = resolve));
  const sink = new PassThrough();
  const take = async (chunk: Buffer, done: () => void): Promise<void> => {
    await gate;
    chunks.push(Buffer.from(chunk));
    done();
  };
  sink._write = (chunk: Buffer, _encoding, done) => void take(chunk, done);
  return { sink, taken: () => Buffer.concat(chunks), open: () => go() };
}

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

/** For where timers stand still. */
async function turnsUntil(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

describe("a pump", () => {
  it("holds what comes early, hands it to a consumer, then moves the rest", async () => {
    let server: Socket | undefined;
    const pool = new BufferPool();
    const { pump } = await pumpFrom(pool, (socket) => {
      server = socket;
      socket.write("early ");
    });
    const consumed: string[] = [];
    await expect.poll(() => server !== undefined).toBe(true);
    pump.consume((chunk) => consumed.push(chunk.toString()));
    await expect.poll(() => consumed.join("")).toBe("early ");
    pump.hold(Buffer.from("too much, "));
    server?.write("held, ");
    const { sink, taken, open } = shutSink();
    open();
    pump.pipe(sink, plain);
    server?.write("and piped");
    await expect.poll(() => taken().toString()).toBe("too much, held, and piped");
  });

  it("stops reading while nobody takes what came, and loses none of it", async () => {
    const total = 10_000_000;
    let sent = 0;
    const pool = new BufferPool();
    const { pump } = await pumpFrom(pool, (socket) => {
      const chunk = Buffer.alloc(100_000, 7);
      const more = (): void => {
        while (sent < total) {
          sent += chunk.length;
          if (!socket.write(chunk)) return;
        }
        socket.end();
      };
      socket.on("drain", more);
      more();
    });
    await standsStill(() => sent);
    expect(sent).toBeLessThan(2_000_000);
    const { sink, taken, open } = shutSink();
    pump.pipe(sink, plain);
    await standsStill(() => sent);
    expect(sent).toBeLessThan(3_000_000);
    expect(pool.lentBytes).toBeLessThanOrEqual(3 * largeBlockBytes);
    open();
    await expect.poll(() => taken().length, { timeout: 5000 }).toBe(total);
    expect(taken().every((byte) => byte === 7)).toBe(true);
    expect(pump.bytes).toBe(total);
    await expect.poll(() => pool.lentBytes).toBe(0);
  });

  it("reads one block ahead of a sink that takes nothing", async () => {
    let sent = 0;
    let start = (): void => {};
    const pool = new BufferPool();
    const { pump } = await pumpFrom(pool, (socket) => {
      const chunk = Buffer.alloc(50_000);
      start = () => {
        while (sent < 10_000_000) {
          sent += chunk.length;
          if (!socket.write(chunk)) return;
        }
      };
      socket.on("drain", start);
    });
    pump.pipe(shutSink().sink, plain);
    start();
    await expect.poll(() => pool.lentBytes).toBeGreaterThan(0);
    await standsStill(() => sent);
    expect(sent).toBeLessThan(2_000_000);
    expect(pump.bytes).toBeLessThanOrEqual(largeBlockBytes);
  });

  it("makes few writes of many small reads, reads on no further than the sink takes, and loses nothing", async () => {
    const pool = new BufferPool();
    const piece = Buffer.alloc(16, "x");
    const pieces = 40_000;
    const { pump, source } = await pumpFrom(pool, (socket) => {
      for (let at = 0; at < pieces; at += 1) socket.write(piece);
    });
    const { sink, taken, open } = shutSink();
    let writes = 0;
    const count = (whole: Buffer, start: number, end: number): Buffer => {
      writes += 1;
      return plain(whole, start, end);
    };
    pump.pipe(sink, count, { gathering: true });
    await standsStill(() => pump.bytes);
    expect(pump.bytes).toBeLessThanOrEqual(2 * largeBlockBytes);
    open();
    await expect.poll(() => taken().length).toBe(pieces * piece.length);
    expect(writes).toBeLessThan(pieces / 10);
    source.destroy();
    await expect.poll(() => pool.lentBytes).toBe(0);
  });

  it("gives back a large block when only small reads come, gathered or not", async () => {
    let server: Socket | undefined;
    const pool = new BufferPool();
    const { pump } = await pumpFrom(pool, (socket) => (server = socket));
    await turnsUntil(() => server !== undefined);
    const { sink, taken, open } = shutSink();
    open();
    pump.pipe(sink, plain, { gathering: true });
    server?.write(Buffer.alloc(8 * largeBlockBytes));
    await expect.poll(() => taken().length).toBe(8 * largeBlockBytes);
    for (let n = 1; n <= 20; n += 1) {
      server?.write("x");
      await expect.poll(() => taken().length).toBe(8 * largeBlockBytes + n);
    }
    expect(pool.lentBytes).toBe(0);
  });

  it("still writes what it had gathered when it is told to stop", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    let server: Socket | undefined;
    const { pump, source } = await pumpFrom(new BufferPool(), (socket) => (server = socket));
    await turnsUntil(() => server !== undefined);
    const { sink, taken, open } = shutSink();
    open();
    pump.pipe(sink, plain, { gathering: true });
    server?.write("first");
    await turnsUntil(() => taken().toString() === "first");
    server?.write("kept");
    await turnsUntil(() => source.bytesRead === 9);
    expect(taken().toString()).toBe("first");
    pump.stop();
    await turnsUntil(() => taken().toString() === "firstkept");
  });

  it("goes on with the shared buffer when no large block is to be had", async () => {
    const picture = Buffer.alloc(3_000_000);
    for (let i = 0; i < picture.length; i += 4) picture.writeUInt32LE(i, i);
    const pool = new BufferPool({ largeLent: 0 });
    const { pump } = await pumpFrom(pool, (socket) => socket.end(picture));
    const { sink, taken, open } = shutSink();
    open();
    pump.pipe(sink, plain);
    await expect.poll(() => taken().length, { timeout: 5000 }).toBe(picture.length);
    expect(taken().equals(picture)).toBe(true);
  });

  it("strikes off what a sink that was destroyed may still be writing", async () => {
    const pool = new BufferPool();
    const { pump } = await pumpFrom(pool, (socket) => socket.write("x"));
    const { sink, open } = shutSink();
    pump.pipe(sink, plain);
    await expect.poll(() => pool.lentBytes).toBe(smallBlockBytes);
    sink.destroy();
    await expect.poll(() => pool.lentBytes).toBe(0);
    open();
  });
});

describe("a buffer pool", () => {
  it("lends large blocks up to its limit, and the last one given back first", () => {
    const pool = new BufferPool({ largeLent: 2 });
    const first = pool.takeLarge();
    const second = pool.takeLarge();
    expect(pool.takeLarge()).toBeUndefined();
    expect(pool.lentBytes).toBe(2 * largeBlockBytes);
    if (first === undefined || second === undefined) throw new Error("no blocks");
    pool.give(second);
    pool.give(first);
    expect(pool.takeLarge() === first).toBe(true);
    expect(pool.takeLarge() === second).toBe(true);
  });

  it("keeps no more blocks than it may, and never lends a forgotten one again", () => {
    const pool = new BufferPool({ smallKept: 1 });
    const [a, b] = [pool.takeSmall(), pool.takeSmall()];
    pool.give(a);
    pool.give(b);
    expect(pool.takeSmall() === a).toBe(true);
    expect(pool.takeSmall() === b).toBe(false);
    const gone = new BufferPool();
    const block = gone.takeSmall();
    gone.forget(block);
    expect(gone.takeSmall() === block).toBe(false);
  });
});
