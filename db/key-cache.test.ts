import { beforeEach, describe, expect, it } from "vitest";
import {
  createKeyCache,
  emptyKeyCacheState,
  type KeyCache,
  type KeyCacheOptions,
  type KeyCacheState,
} from "./key-cache.ts";

/** A clock that goes on when it is told to. */
let nowMs: number;
let sleepers: { readonly until: number; wake(): void }[];
const passMs = async (ms: number): Promise<void> => {
  nowMs += ms;
  const due = sleepers.filter((it) => it.until <= nowMs);
  sleepers = sleepers.filter((it) => it.until > nowMs);
  for (const it of due) it.wake();
  await settled();
};
/** Until everything that can go on without the clock or the database has done so. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

let published: string[];
let looks: number;
/** Looks that the database has not answered yet. */
let unanswered: (() => void)[];
let holdAnswers: boolean;

const cacheOf = (options: KeyCacheOptions = {}, state?: KeyCacheState<string>): KeyCache<string> =>
  createKeyCache(
    async () => {
      looks += 1;
      const found = new Map(published.map((kid) => [kid, `key ${kid}`]));
      if (holdAnswers) await new Promise<void>((resolve) => unanswered.push(resolve));
      return found;
    },
    {
      now: () => nowMs,
      sleep: (ms) =>
        new Promise((resolve) => sleepers.push({ until: nowMs + ms, wake: () => resolve() })),
      ...options,
    },
    state,
  );

beforeEach(() => {
  nowMs = 5_000_000;
  sleepers = [];
  published = ["a"];
  looks = 0;
  unanswered = [];
  holdAnswers = false;
});

describe("copies of keys", () => {
  it("are up to a minute old, and no older", async () => {
    const cache = cacheOf();
    expect(await cache.find("a")).toBe("key a");
    published = ["b"];
    await passMs(60_000);
    expect([...(await cache.all()).keys()]).toEqual(["a"]);
    expect(looks).toBe(1);
    await passMs(1);
    expect([...(await cache.all()).keys()]).toEqual(["b"]);
  });

  it("are looked at once for all who come together", async () => {
    const cache = cacheOf();
    await Promise.all(Array.from({ length: 50 }, () => cache.find("a")));
    expect(looks).toBe(1);
  });

  it("are looked at anew after a look that failed", async () => {
    let fails = true;
    const cache = createKeyCache(async () => {
      if (fails) throw new Error("the database is away");
      return new Map([["a", 1]]);
    });
    await expect(cache.find("a")).rejects.toThrow("away");
    fails = false;
    expect(await cache.find("a")).toBe(1);
  });

  it("can be asked for as of now", async () => {
    const cache = cacheOf();
    await cache.all();
    published = ["a", "b"];
    expect((await cache.reload()).get("b")).toBe("key b");
    expect(looks).toBe(2);
  });

  it("as of now do not come from a look that began before", async () => {
    const cache = cacheOf();
    holdAnswers = true;
    const before = cache.all();
    await settled();
    published = ["a", "b"];
    const asOfNow = cache.reload();
    holdAnswers = false;
    for (const answer of unanswered) answer();
    expect([...(await before).keys()]).toContain("a");
    expect((await asOfNow).get("b")).toBe("key b");
  });
});

describe("a key that is not known", () => {
  it("is found by one look at once, where the last one is a second ago", async () => {
    const cache = cacheOf();
    await cache.all();
    await passMs(1000);
    published = ["a", "b"];
    expect(await cache.find("b")).toBe("key b");
    expect(looks).toBe(2);
  });

  it("is found within a second, even while somebody makes up others all the time", async () => {
    const cache = cacheOf();
    await cache.all();
    await passMs(1000);
    const forged = cache.find("forged 1");
    await settled();
    expect(looks).toBe(2);
    expect(await forged).toBeUndefined();
    published = ["a", "b"];
    const found = cache.find("b");
    await passMs(999);
    expect(looks).toBe(2);
    await passMs(1);
    expect(await found).toBe("key b");
  });

  it("costs one look per second, however many are made up", async () => {
    const cache = cacheOf({ waitingLimit: 20 });
    await cache.all();
    let refused = 0;
    for (let tenth = 0; tenth < 100; tenth += 1) {
      for (let i = 0; i < 10; i += 1)
        void cache.find(`forged ${tenth} ${i}`).then((key) => {
          if (key === undefined) refused += 1;
        });
      await passMs(100);
    }
    expect(looks).toBeGreaterThan(5);
    expect(looks).toBeLessThanOrEqual(11);
    await passMs(1000);
    expect(refused).toBe(1000);
  });

  it("is refused at once where too many wait, and known ones are found meanwhile", async () => {
    const cache = cacheOf({ waitingLimit: 3 });
    await cache.all();
    for (let i = 0; i < 3; i += 1) void cache.find(`forged ${i}`);
    expect(await cache.find("forged 4")).toBeUndefined();
    expect(await cache.find("a")).toBe("key a");
    expect(looks).toBe(1);
  });

  it("is not refused because of a look that began before it was asked for", async () => {
    const cache = cacheOf();
    holdAnswers = true;
    const first = cache.all();
    await settled();
    nowMs += 10;
    published = ["a", "b"];
    const found = cache.find("b");
    holdAnswers = false;
    for (const answer of unanswered) answer();
    await first;
    await passMs(1000);
    expect(await found).toBe("key b");
    expect(looks).toBe(2);
  });
});

describe("several caches over one state, as one for each request", () => {
  it("look once for all of them, and no more until the copies are old", async () => {
    const state = emptyKeyCacheState<string>();
    await cacheOf({}, state).all();
    expect([...(await cacheOf({}, state).all()).keys()]).toEqual(["a"]);
    expect(looks).toBe(1);
    nowMs += 61_000;
    await cacheOf({}, state).all();
    expect(looks).toBe(2);
  });

  it("wait for nobody else's look: it may never end", async () => {
    const state = emptyKeyCacheState<string>();
    holdAnswers = true;
    void cacheOf({}, state).all();
    await settled();
    holdAnswers = false;
    expect([...(await cacheOf({}, state).all()).keys()]).toEqual(["a"]);
    // The first one's answer is older than what is known by now.
    published = ["a", "b"];
    nowMs += 61_000;
    expect((await cacheOf({}, state).all()).size).toBe(2);
    for (const answer of unanswered) answer();
    await settled();
    expect((await cacheOf({}, state).all()).size).toBe(2);
  });

  it("look for keys that nobody knows once a second together", async () => {
    const state = emptyKeyCacheState<string>();
    await cacheOf({}, state).all();
    const found = Array.from({ length: 20 }, () => cacheOf({}, state).find("made up"));
    for (let n = 0; n < 5; n++) await passMs(1000);
    expect(await Promise.all(found)).toEqual(Array(20).fill(undefined));
    expect(looks).toBeLessThanOrEqual(3);
  });
});
