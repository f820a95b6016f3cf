import { Buffer } from "node:buffer";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { BufferPool } from "./buffers.ts";
import { Gather } from "./gather.ts";

const piece = (text: string): Buffer => Buffer.from(text);

function gatherer() {
  const pool = new BufferPool();
  const written: string[] = [];
  const gather = new Gather(pool, (block, bytes) => {
    written.push(block.room.toString("latin1", 0, bytes));
    pool.give(block);
  });
  return { pool, written, gather };
}

describe("a gatherer of small reads", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
  });

  it("lets the first after a pause through, and makes one write of what follows", () => {
    const { pool, written, gather } = gatherer();
    expect(gather.take(piece("first"))).toBe(false);
    expect(gather.take(piece("a"))).toBe(true);
    expect(gather.take(piece("b"))).toBe(true);
    expect(written).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(written).toEqual(["ab"]);
    expect(pool.lentBytes).toBe(0);
    vi.advanceTimersByTime(2);
    expect(gather.take(piece("new"))).toBe(false);
  });

  it("keeps nothing back of an answer to the other side", () => {
    const { written, gather } = gatherer();
    gather.take(piece("first"));
    gather.asked();
    expect(gather.take(piece("echo"))).toBe(false);
    gather.take(piece("a"));
    gather.asked();
    expect(gather.take(piece("b"))).toBe(true);
    expect(written).toEqual(["ab"]);
  });

  it("lets a large read through, behind what it keeps", () => {
    const { written, gather } = gatherer();
    gather.take(piece("first"));
    gather.take(piece("a"));
    expect(gather.take(Buffer.alloc(4097))).toBe(false);
    expect(written).toEqual(["a"]);
  });

  it("keeps no more than a block holds", () => {
    const { written, gather } = gatherer();
    gather.take(piece("first"));
    for (let at = 0; at < 8; at += 1) expect(gather.take(Buffer.alloc(4096, 97))).toBe(true);
    expect(written).toEqual(["a".repeat(32 * 1024)]);
  });

  it("writes nothing more once it is dropped, and gives its memory back", () => {
    const { pool, written, gather } = gatherer();
    gather.take(piece("first"));
    gather.take(piece("a"));
    gather.drop();
    vi.advanceTimersByTime(10);
    expect(written).toEqual([]);
    expect(pool.lentBytes).toBe(0);
  });
});
