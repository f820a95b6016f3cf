import { sql } from "drizzle-orm";
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT } from "jose";
import { beforeEach, describe, expect, inject, it, onTestFinished } from "vitest";
import { createVerifier } from "../../controller/relay/verify.ts";
import { placeQueue } from "../../controller/placer.ts";
import { keySchedule } from "../../db/key-schedule.ts";
import { insertFirstKey, listKeyTimes, retireKey } from "../../db/keys.ts";
import { createTestDatabase, seedCatalogue, type TestDatabase } from "../../db/testing.ts";
import { insertInstance } from "../../db/instances.ts";
import { makeKey, SealedKeyError } from "../../gateway/key-sealing.ts";
import { createKeyRing } from "../../gateway/keys.ts";
import { startRotation } from "../../gateway/node/rotation.ts";
import { rotate } from "../../gateway/rotation.ts";
import { issueTicket, verifyTicket } from "../../gateway/tickets.ts";
import { until } from "../browser.ts";
import { counted, keyTime } from "../keys.ts";

const day = 24 * 3600;
/** The tests' own time between two steps is far below. */
const minute = 60;
const by = "a test";
const time = keyTime(() => database.owner.db);
const secret = crypto.getRandomValues(new Uint8Array(32));
const otherSecret = crypto.getRandomValues(new Uint8Array(32));

let database: TestDatabase;
let first: string;

beforeEach(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  onTestFinished(() => database.drop());
  const key = await makeKey(secret);
  await insertFirstKey(db(), key, by);
  first = key.kid;
});

const db = () => database.as("gateway", { max: 2 }).db;

/** Each key's state, oldest first. */
async function states(): Promise<Record<string, string>> {
  const keys = await listKeyTimes(db());
  return Object.fromEntries(keys.toReversed().map((it) => [it.kid, it.state]));
}

async function publish(): Promise<string> {
  const rotation = await rotate(db(), secret, { by });
  if (!rotation) throw new Error("nothing was published");
  return rotation.published.kid;
}

/** What an instance's owner gets a ticket for. */
async function grantOf() {
  const seeded = await seedCatalogue(database.owner.db);
  await database.owner.db.execute(sql`
    update nodes set ready = true, last_seen_at = now(), cpus = 10, memory_bytes = 1000000000000`);
  const { userId } = seeded;
  const instanceId = await insertInstance(db(), { ...seeded, name: "one", experimentId: null });
  await placeQueue(database.as("placer").db);
  const [signIn] = await database.owner.db.execute<{ id: string }>(sql`
    insert into sign_ins (user_id, token_hash, expires_at)
    values (${userId}, ${Buffer.from("x")}, now() + interval '1 h') returning id`);
  const { nodeId } = database;
  const signInId = String(signIn?.id);
  return { userId, signInId, instanceId, incarnation: 1, nodeId, permission: "control" } as const;
}

describe("a rotation", () => {
  it("publishes a key, lets it sign, and retires the old one, each in its time", async () => {
    const second = await publish();
    expect(await states()).toEqual({ [first]: "signing", [second]: "published" });
    await time.pass(keySchedule.publishedAheadSeconds - minute);
    expect(await states()).toEqual({ [first]: "signing", [second]: "published" });
    await time.pass(minute);
    expect(await states()).toEqual({ [first]: "accepted", [second]: "signing" });
    await time.pass(keySchedule.acceptedAfterSeconds - minute);
    expect(await states()).toEqual({ [first]: "accepted", [second]: "signing" });
    await time.pass(minute);
    expect(await states()).toEqual({ [first]: "retired", [second]: "signing" });
    const third = await publish();
    await time.pass(keySchedule.publishedAheadSeconds);
    expect(await states()).toEqual({
      [first]: "retired",
      [second]: "accepted",
      [third]: "signing",
    });
  });

  it("is due when the newest key has signed for the period, and not before", async () => {
    const due = () => rotate(db(), secret, { olderThanSeconds: 30 * day, by });
    await time.pass(30 * day - minute);
    expect(await due()).toBeUndefined();
    await time.pass(minute);
    expect((await due())?.replaced.map((it) => it.kid)).toEqual([first]);
    expect(await due()).toBeUndefined();
    await time.pass(keySchedule.publishedAheadSeconds + 30 * day - minute);
    expect(await due()).toBeUndefined();
    await time.pass(minute);
    expect(await due()).toBeDefined();
  });

  it("by hand waits for one that is on its way", async () => {
    await publish();
    expect(await rotate(db(), secret, { by })).toBeUndefined();
    await time.pass(keySchedule.publishedAheadSeconds);
    expect(await rotate(db(), secret, { by })).toBeDefined();
  });

  it("at once leaves no other key, published ones included", async () => {
    const second = await publish();
    const rotation = await rotate(db(), secret, { schedule: "at once", by });
    const third = String(rotation?.published.kid);
    expect(await states()).toEqual({ [first]: "retired", [second]: "retired", [third]: "signing" });
    expect(rotation?.replaced.map((it) => it.kid).sort()).toEqual([first, second].sort());
  });

  it("where no key signs any more begins at once", async () => {
    await retireKey(db(), first, { by, needless: true });
    const second = await publish();
    expect(await states()).toEqual({ [first]: "retired", [second]: "signing" });
  });

  it("is not made by who could not open the present key, and changes nothing then", async () => {
    for (const schedule of [keySchedule, "at once"] as const)
      await expect(rotate(db(), otherSecret, { schedule, by })).rejects.toBeInstanceOf(
        SealedKeyError,
      );
    expect(await states()).toEqual({ [first]: "signing" });
  });

  it("is in the audit trail, as is every retirement", async () => {
    const second = await publish();
    await retireKey(db(), second, { by: "ada" });
    const rows = await database.owner.sql`
      select action, outcome, actor_name, subject_kind, subject_id from audit order by id`;
    const row = (action: string, kid: string, who: string) => ({
      action,
      outcome: "allowed",
      actor_name: who,
      subject_kind: "key",
      subject_id: kid,
    });
    expect(rows).toEqual([
      row("key.publish", first, by),
      row("key.publish", second, by),
      row("key.retire", first, by),
      row("key.retire", second, "ada"),
    ]);
  });
});

describe("a key that is retired by hand", () => {
  it("lets its predecessor sign on, where it had not begun", async () => {
    const second = await publish();
    expect(await retireKey(db(), second, { by })).toEqual({
      kind: "retired",
      was: "published",
      restored: first,
    });
    await time.pass(day);
    expect(await states()).toEqual({ [first]: "signing", [second]: "retired" });
  });

  it("is not the only one that signs", async () => {
    const second = await publish();
    expect(await retireKey(db(), first, { by })).toEqual({ kind: "needed" });
    await time.pass(keySchedule.publishedAheadSeconds);
    expect(await retireKey(db(), first, { by })).toMatchObject({ kind: "retired" });
    expect(await retireKey(db(), first, { by })).toEqual({ kind: "retired_before" });
    expect(await retireKey(db(), "another", { by })).toEqual({ kind: "unknown" });
    expect(await states()).toEqual({ [first]: "retired", [second]: "signing" });
  });
});

describe("a ticket", () => {
  it("is signed with the key that the database says, whatever copies say", async () => {
    const ring = createKeyRing(db(), secret);
    const grant = await grantOf();
    const signedWith = async () =>
      decodeProtectedHeader((await issueTicket(db(), ring, grant)).ticket).kid;
    expect(await signedWith()).toBe(first);
    const second = await publish();
    expect(await signedWith()).toBe(first);
    await time.pass(keySchedule.publishedAheadSeconds);
    expect(await signedWith()).toBe(second);
    const third = await rotate(db(), secret, { schedule: "at once", by });
    expect(await signedWith()).toBe(third?.published.kid);
  });

  it("can be had after every key was retired: the gateway makes one", async () => {
    const ring = createKeyRing(db(), secret);
    const grant = await grantOf();
    await issueTicket(db(), ring, grant);
    await retireKey(db(), first, { by, needless: true });
    const { ticket } = await issueTicket(db(), ring, grant);
    expect(decodeProtectedHeader(ticket).kid).not.toBe(first);
    expect((await verifyTicket(ring, ticket)).jti).toBe(decodeJwt(ticket).jti);
  });
});

describe("a gateway whose sealing key does not open the key that signs", () => {
  it("is not ready, and is so once that key is retired", async () => {
    const ring = createKeyRing(db(), otherSecret);
    await expect(ring.signer()).rejects.toBeInstanceOf(SealedKeyError);
    await retireKey(db(), first, { by, needless: true });
    expect((await ring.signer()).kid).not.toBe(first);
  });
});

describe("a gateway's loop", () => {
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const loop = (options: Partial<Parameters<typeof startRotation>[0]>) =>
    onTestFinished(
      startRotation({ db: db(), log, secret, periodDays: 30, everyMs: 5, ...options }),
    );

  it("rotates when it is time", async () => {
    const told: unknown[] = [];
    loop({ log: { ...log, info: (fields) => void told.push(fields) } });
    await time.pass(31 * day);
    const second = await until("a key is published", async () =>
      (await listKeyTimes(db())).find((it) => it.state === "published"),
    );
    expect(told).toEqual([{ kid: second.kid, signFrom: second.signFrom }]);
  });

  it("says when it could not, and goes on", async () => {
    const said: unknown[] = [];
    loop({ secret: otherSecret, log: { ...log, warn: (fields) => void said.push(fields) } });
    await time.pass(31 * day);
    await until("it tried twice", async () => said.length >= 2);
    expect(JSON.stringify(said)).toContain(first);
    expect(await states()).toEqual({ [first]: "signing" });
  });

  it("with a period of 0 asks for nothing", async () => {
    const [off, on] = [counted(db()), counted(db())];
    loop({ db: off.db, periodDays: 0 });
    loop({ db: on.db });
    await until("the other one has looked some times", async () => on.statements() >= 5);
    expect(off.statements()).toBe(0);
  });
});

describe("made-up key ids", () => {
  const forged = async (kid: string, key: CryptoKey) =>
    new SignJWT({ instance: crypto.randomUUID(), incarnation: 1, permission: "control" })
      .setProtectedHeader({ alg: "ES256", typ: "vnc+jwt", kid })
      .setIssuer("asci")
      .setAudience(database.nodeId)
      .setSubject(crypto.randomUUID())
      .setJti(crypto.randomUUID())
      .setExpirationTime("30s")
      .sign(key);

  it.each(["a gateway", "a relay"])("cost %s one look per second, not one each", async (which) => {
    const { privateKey } = await generateKeyPair("ES256");
    const asked = counted(which === "a gateway" ? db() : database.as("relay").db);
    const ring = createKeyRing(asked.db, secret);
    const verify = createVerifier(asked.db, database.nodeId);
    const check = (ticket: string): Promise<unknown> =>
      which === "a gateway"
        ? verifyTicket(ring, ticket).catch((error: { code?: unknown }) => error.code)
        : verify(ticket);
    const tickets = await Promise.all(
      Array.from({ length: 300 }, (_, i) => forged(`made-up-${i}`, privateKey)),
    );
    const startedAt = performance.now();
    const answers = await Promise.all(tickets.map(check));
    for (let i = 0; i < 2; i += 1) answers.push(await check(tickets[i] ?? ""));
    const seconds = (performance.now() - startedAt) / 1000;
    expect(new Set(answers)).toEqual(
      new Set([which === "a gateway" ? "ticket_forged" : undefined]),
    );
    expect(asked.statements()).toBeGreaterThan(1);
    expect(asked.statements()).toBeLessThanOrEqual(seconds + 2);
  });
});
