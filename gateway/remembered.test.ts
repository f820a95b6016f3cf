import { describe, expect, it } from "vitest";
import { createRemembered } from "./remembered.ts";

/** With a clock that is set by hand. */
function setUp() {
  const clock = { now: 1000 };
  let fetched = 0;
  const get = createRemembered<number>({
    lifeMs: 100,
    faultLifeMs: 10,
    limitMs: 50,
    faultOf: () => new Error("kept"),
    now: () => clock.now,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  });
  const fetch = async () => (fetched += 1);
  return { clock, get, fetch, count: () => fetched };
}

describe("what is remembered", () => {
  it("is fetched once in its life", async () => {
    const { clock, get, fetch } = setUp();
    expect(await get("a", fetch)).toMatchObject({ value: 1, version: 1 });
    clock.now += 99;
    expect((await get("a", fetch)).value).toBe(1);
    expect((await get("b", fetch)).value).toBe(2);
    clock.now += 1;
    expect(await get("a", fetch)).toMatchObject({ value: 3, version: 2 });
  });

  it("is fetched again where it is too old, or the one that was seen, for who asks", async () => {
    const { clock, get, fetch } = setUp();
    await get("a", fetch);
    clock.now += 5;
    expect((await get("a", fetch, { maxAgeMs: 6 })).value).toBe(1);
    expect((await get("a", fetch, { maxAgeMs: 5 })).value).toBe(2);
    expect((await get("a", fetch, { newerThan: 1 })).value).toBe(2);
    expect((await get("a", fetch, { newerThan: 2 })).value).toBe(3);
  });

  it("is fetched by one of those who want it at once", async () => {
    const { get, count } = setUp();
    let done: (value: number) => void = () => {};
    const slow = () => new Promise<number>((resolve) => (done = resolve));
    const first = get("a", slow);
    const others = Promise.all(
      Array.from({ length: 20 }, () => get("a", () => Promise.reject(new Error("a second one")))),
    );
    done(7);
    expect((await first).value).toBe(7);
    expect((await others).every((it) => it.value === 7)).toBe(true);
    expect(count()).toBe(0);
  });

  it("is not waited for where who fetches it is gone", async () => {
    const { clock, get, fetch } = setUp();
    void get("a", () => new Promise<number>(() => {}));
    const other = get("a", fetch);
    clock.now += 51;
    expect((await other).value).toBe(1);
  });

  it("is not tried again at once after a failure", async () => {
    const { clock, get, fetch, count } = setUp();
    const failing = () => Promise.reject(new Error("first"));
    await expect(get("a", failing)).rejects.toThrow("first");
    clock.now += 9;
    await expect(get("a", fetch)).rejects.toThrow("kept");
    expect(count()).toBe(0);
    clock.now += 1;
    expect((await get("a", fetch)).value).toBe(1);
  });
});
