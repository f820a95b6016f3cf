import { describe, expect, it } from "vitest";
import { Keepalive } from "./keepalive.ts";

function byHand(missesAllowed: number): { keepalive: Keepalive; interval: () => void } {
  let tick = (): void => {};
  const keepalive = new Keepalive({
    missesAllowed,
    every: (_periodMs, act) => {
      tick = act;
      return () => (tick = () => {});
    },
  });
  const interval = (): void => {
    for (let i = 0; i < 20; i += 1) tick();
  };
  return { keepalive, interval };
}

function peer(answers = true): { pings: number; lostCalls: number; ping(): boolean; lost(): void } {
  return {
    pings: 0,
    lostCalls: 0,
    ping() {
      this.pings += 1;
      return answers;
    },
    lost() {
      this.lostCalls += 1;
    },
  };
}

describe("the keepalive", () => {
  it("pings once an interval, and gives up after the misses allowed", () => {
    const { keepalive, interval } = byHand(2);
    const one = peer();
    keepalive.watch(one);
    interval();
    interval();
    expect(one).toMatchObject({ pings: 2, lostCalls: 0 });
    interval();
    expect(one).toMatchObject({ pings: 2, lostCalls: 1 });
  });

  it("begins anew with whatever is heard", () => {
    const { keepalive, interval } = byHand(2);
    const one = peer();
    const watch = keepalive.watch(one);
    for (let i = 0; i < 10; i += 1) {
      interval();
      watch.heard();
    }
    expect(one).toMatchObject({ pings: 10, lostCalls: 0 });
  });

  it("counts no miss where no answer can be expected", () => {
    const { keepalive, interval } = byHand(1);
    const one = peer(false);
    keepalive.watch(one);
    for (let i = 0; i < 5; i += 1) interval();
    expect(one.lostCalls).toBe(0);
  });

  it("leaves alone what is watched no more, and stops with its timer", () => {
    const { keepalive, interval } = byHand(2);
    const [gone, stays] = [peer(), peer()];
    keepalive.watch(gone).stop();
    keepalive.watch(stays);
    interval();
    keepalive.close();
    interval();
    expect(gone.pings).toBe(0);
    expect(stays.pings).toBe(1);
  });
});
