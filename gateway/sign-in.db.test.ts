import { request } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { createHasher } from "./password.ts";
import { startTestGateway, testPassword, type TestGateway } from "./testing.ts";

let one: TestGateway;
let two: TestGateway;

beforeAll(async () => {
  one = await startTestGateway(inject("postgresUrl"));
  two = await startTestGateway(inject("postgresUrl"), { beside: one });
  // Who is not known costs a whole check of a password; most of these names are somebody's, who is quick to check.
  const many = Array.from({ length: 60 }, (_, n) => `name-${n}`);
  for (const name of ["ada", "bob", "mallory", ...many]) await one.addUser(name);
});
afterAll(async () => {
  await two?.stop();
  await one?.stop();
});
beforeEach(() => one.database.owner.sql`delete from sign_in_failures`);
afterEach(() => one.database.owner.sql`drop trigger if exists longer on sign_in_failures`);

/** Makes each wait of this test ten minutes longer: a slow machine outlasts the first ones of 2 s. */
async function lengthenWaits(): Promise<void> {
  await one.database.owner.sql.unsafe(`
    create or replace function lengthen_wait() returns trigger language plpgsql as $$
    begin
      new.blocked_until := new.blocked_until + interval '10 minutes';
      return new;
    end $$;
    create trigger longer before update on sign_in_failures for each row
      when (new.failures > old.failures)
      execute function lengthen_wait()`);
}

interface Answer {
  readonly status: number;
  readonly retryAfter: number;
  readonly cookie: string | undefined;
  readonly body: Record<string, unknown>;
}

/** Any address of 127.0.0.0/8 is this machine's, so each can be a client of its own. */
function attempt(
  gateway: TestGateway,
  username: string,
  password = "wrong",
  from = "127.0.0.1",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(`${gateway.origin}/api/auth/login`, {
      method: "POST",
      agent: false,
      localAddress: from,
      headers: { origin: gateway.origin, "content-type": "application/json" },
    });
    call.on("error", reject);
    call.on("response", (response) => {
      text(response).then((body) => {
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: Number(response.headers["retry-after"]),
          cookie: response.headers["set-cookie"]?.[0],
          body: JSON.parse(body) as Record<string, unknown>,
        });
      }, reject);
    });
    call.end(JSON.stringify({ username, password }));
  });
}

const counted = async (name: string) => {
  const [row] = await one.database.owner.sql<{ failures: number; blocked: string | null }[]>`
    select failures, blocked_until::text as blocked from sign_in_failures where bucket = ${name}`;
  return row;
};

/** As if so many seconds had gone by. */
const passTime = (seconds: number) =>
  one.database.owner.sql`
    update sign_in_failures set window_started_at = window_started_at - ${seconds} * interval '1 s',
      blocked_until = blocked_until - ${seconds} * interval '1 s'`;

const statusesOf = (answers: readonly Answer[]) => {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

/** Some at a time: a gateway that has too many passwords to look at turns more of them away. */
async function inTurns(count: number, act: (n: number) => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let n = 0; n < count; n += 12)
    answers.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(12, count - n) }, (_, more) => act(n + more)),
      )),
    );
  return answers;
}

describe("limits on signing in, over two gateways", () => {
  it("count one after the other as on one", async () => {
    await lengthenWaits();
    const untilRefused = async (gateways: readonly TestGateway[], username: string) => {
      for (let n = 0; n < 30; n++) {
        const { status } = await attempt(gateways[n % gateways.length] ?? one, username);
        if (status === 429) return n;
      }
      return Infinity;
    };
    const alone = await untilRefused([one], "ada");
    expect(alone).toBe(8);
    expect(await untilRefused([one, two], "bob")).toBe(alone);
    // And the other way round: whoever is asked first knows it all.
    expect((await attempt(two, "ada")).status).toBe(429);
    expect((await attempt(one, "bob")).status).toBe(429);
  });

  it("let no more past where all come at once", async () => {
    await lengthenWaits();
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => attempt(n % 2 === 0 ? one : two, "ada")),
    );
    expect(statusesOf(answers)).toEqual({ 401: 8, 429: 52 });
  });

  it("hold for an address, whatever names it tries", async () => {
    await lengthenWaits();
    const names = Array.from({ length: 60 }, (_, n) => `${n % 10 === 0 ? "nobody" : "name"}-${n}`);
    const answers = await inTurns(60, (n) => attempt(n % 2 === 0 ? one : two, names[n] ?? ""));
    expect(statusesOf(answers)).toEqual({ 401: 40, 429: 20 });
  });

  it("tell a wait that is true: twice as long each time, and then it is one's turn", async () => {
    for (let n = 0; n < 8; n++) await attempt(one, "ada");
    // From a wait on that is long beside what the requests take.
    await passTime(60);
    await one.database.owner.sql`update sign_in_failures set failures = 11`;
    for (const wait of [32, 64, 128, 256]) {
      const began = performance.now();
      expect((await attempt(one, "ada")).status).toBe(401);
      const { status, retryAfter } = await attempt(two, "ada");
      expect(status).toBe(429);
      expect(retryAfter).toBeLessThanOrEqual(wait);
      expect(retryAfter).toBeGreaterThanOrEqual(wait - (performance.now() - began) / 1000);
      await passTime(retryAfter);
    }
    await attempt(one, "ada");
    const { retryAfter } = await attempt(two, "ada");
    await passTime(retryAfter / 2);
    expect((await attempt(one, "ada", testPassword)).status).toBe(429);
    await passTime(retryAfter / 2);
    expect((await attempt(two, "ada", testPassword)).status).toBe(200);
    expect(await counted("pair:127.0.0.1:ada")).toBeUndefined();
  });

  it("never ask for more than 15 minutes, and forget after them", async () => {
    for (let n = 0; n < 8; n++) await attempt(one, "ada");
    await one.database.owner.sql`update sign_in_failures set failures = 1000, blocked_until = null`;
    await attempt(one, "ada");
    const { status, retryAfter } = await attempt(one, "ada");
    expect(status).toBe(429);
    expect(retryAfter).toBeLessThanOrEqual(900);
    await passTime(901);
    for (let n = 0; n < 8; n++) expect((await attempt(two, "ada")).status).toBe(401);
  });

  it("refuse the right password alike, look at none, and are not lengthened by asking", async () => {
    await lengthenWaits();
    for (let n = 0; n < 8; n++) await attempt(one, "ada");
    const before = await counted("pair:127.0.0.1:ada");
    const right = await attempt(two, "ada", testPassword);
    const wrong = await attempt(one, "ada");
    for (const it of [right, wrong]) {
      expect(it).toMatchObject({ status: 429, body: { code: "too_many_attempts" } });
      expect(it.cookie).toBeUndefined();
      expect(Object.keys(it.body)).toEqual(Object.keys(right.body));
    }
    await Promise.all(Array.from({ length: 30 }, () => attempt(one, "ada")));
    expect(await counted("pair:127.0.0.1:ada")).toEqual(before);
    expect(await counted("address:127.0.0.1")).toMatchObject({ failures: 8 });
  });
});

describe("attempts that have to wait", () => {
  const owner = () => one.database.owner.sql;
  const limited = () => owner()<{ name: string | null; repeated: number; lasts: boolean }[]>`
    select actor_name as name, coalesce((detail ->> 'repeated')::integer, 0) as repeated,
      coalesce((detail ->> 'lastAt')::timestamptz > at - interval '1 s', false) as lasts
    from audit where outcome = 'refused' and detail ->> 'reason' = 'too_many_attempts'
      and at > (select min(window_started_at) from sign_in_failures) order by id`;

  it("are all in the trail, counted on one row for each bucket and window", async () => {
    await lengthenWaits();
    for (let n = 0; n < 8; n++) await attempt(one, "ada");
    for (let n = 0; n < 5; n++) expect((await attempt(two, "ada")).status).toBe(429);
    expect(await limited()).toEqual([{ name: "ada", repeated: 4, lasts: true }]);
    // Another's from there are not among them.
    expect((await attempt(one, "bob")).status).toBe(401);

    await owner()`update sign_in_failures set failures = 40, blocked_until = now() + interval '10 minutes'
      where bucket = 'address:127.0.0.1'`;
    const names = Array.from({ length: 20 }, (_, n) => `somebody-${n}`);
    const answers = await Promise.all(names.map((it, n) => attempt(n % 2 === 0 ? one : two, it)));
    expect(new Set(answers.map((it) => it.status))).toEqual(new Set([429]));
    const [, crowd, ...more] = await limited();
    expect(crowd).toMatchObject({ repeated: 19, lasts: true });
    expect(more).toEqual([]);

    // A code of a station is counted in the address's bucket as well.
    const enrol = { code: "7KQ2-M4XD" };
    for (let n = 0; n < 3; n++)
      expect((await one.browser().call("POST", "/api/stations/enrol", enrol)).status).toBe(429);
    expect((await limited()).map((it) => it.repeated)).toEqual([4, 22]);

    await owner()`update sign_in_failures set window_started_at = now() where bucket = 'address:127.0.0.1'`;
    expect((await attempt(one, "somebody-else")).status).toBe(429);
    const rows = await owner()`select actor_name, detail from audit order by id desc limit 1`;
    expect(rows).toEqual([
      { actor_name: "somebody-else", detail: { reason: "too_many_attempts" } },
    ]);
  });
});

describe("a crowd", () => {
  // Workers have no queue of their own: the platform gives a crowd more isolates.
  it.skipIf(inject("entry") === "workerd")(
    "that is too much for the passwords to be looked at counts only what was looked at",
    async () => {
      const { passwords } = one.deps;
      const looking = Promise.withResolvers<void>();
      const slow = createHasher(async () => {
        await looking.promise;
        return new Uint8Array(32);
      });
      Object.assign(one.deps, { passwords: slow });
      let turnedAway = 0;
      const answers = Array.from({ length: 60 }, async (_, n) => {
        const answer = await attempt(one, `name-${n}`, "wrong", `127.0.3.${1 + n}`);
        if (answer.status === 429) turnedAway += 1;
        return answer;
      });
      await expect.poll(() => turnedAway, { timeout: 30_000 }).toBe(60 - 18);
      looking.resolve();
      const statuses = statusesOf(await Promise.all(answers));
      Object.assign(one.deps, { passwords });
      expect(statuses).toEqual({ 401: 18, 429: 42 });
      const [row] = await one.database.owner.sql<{ counted: number; blocked: number }[]>`
      select sum(failures)::int as counted, count(blocked_until)::int as blocked
      from sign_in_failures where bucket like 'pair:%'`;
      expect(row).toEqual({ counted: statuses[401], blocked: 0 });
    },
  );
});

describe("one attacker", () => {
  const attacker = "127.0.0.66";
  const elsewhere = "127.0.0.10";

  it("locks nobody out who comes from elsewhere, however long it goes on", async () => {
    // Never waiting a moment longer than it has to, for more than an hour.
    for (let passed = 0; passed < 4000;) {
      const { status, retryAfter } = await attempt(two, "ada", "guess", attacker);
      if (status === 401) continue;
      await passTime(retryAfter);
      passed += retryAfter;
      expect((await attempt(one, "ada", testPassword, elsewhere)).status).toBe(200);
    }
  });

  it("that tries everybody's name stops only its own address", async () => {
    await lengthenWaits();
    const names = Array.from({ length: 50 }, (_, n) => ["ada", "bob", `name-${n}`]).flat();
    const answers = await inTurns(names.length, (n) =>
      attempt(two, names[n] ?? "", "guess", attacker),
    );
    expect(statusesOf(answers)).toEqual({ 401: 40, 429: 110 });
    expect((await attempt(one, "ada", testPassword, attacker)).status).toBe(429);
    for (const name of ["ada", "bob"])
      expect((await attempt(one, name, testPassword, elsewhere)).status).toBe(200);
  });

  it("with an account of its own takes back only what it counted for itself", async () => {
    await lengthenWaits();
    let looked = 0;
    for (let n = 0; n < 60; n++) {
      const { status } = await attempt(one, `name-${n}`, "guess", attacker);
      if (status === 401) looked += 1;
      if (n % 5 === 0) await attempt(two, "mallory", testPassword, attacker);
    }
    expect(looked).toBe(40);
    expect(await counted(`address:${attacker}`)).toMatchObject({ failures: 40 });
  });

  it("with many addresses is slowed down at one name, for 15 minutes at most each time", async () => {
    await lengthenWaits();
    const answers = await inTurns(230, (n) =>
      attempt(n % 2 === 0 ? one : two, "ada", "guess", `127.0.${1 + (n % 30)}.1`),
    );
    expect(statusesOf(answers)).toEqual({ 401: 200, 429: 30 });
    const { status, retryAfter } = await attempt(one, "ada", testPassword, elsewhere);
    expect(status).toBe(429);
    expect(retryAfter).toBeLessThanOrEqual(900);
    expect((await attempt(one, "bob", testPassword, elsewhere)).status).toBe(200);
    await passTime(retryAfter);
    expect((await attempt(one, "ada", testPassword, elsewhere)).status).toBe(200);
  });
});
