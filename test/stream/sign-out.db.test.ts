import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import {
  startTestGateway,
  testPassword,
  type Browser,
  type TestGateway,
} from "../../gateway/testing.ts";
import { closeCodes } from "../../wire/close-codes.ts";
import { startTestRelay, type TestRelay } from "../relay.ts";
import { askUpgrade, type UpgradeAnswer } from "../upgrade.ts";

/** Far more than it takes, and less than the 20 s after which event streams look by themselves. */
const noticedMs = 15_000;

let one: TestGateway;
let two: TestGateway;
let rig: TestRelay;
let admin: Browser;

beforeAll(async () => {
  one = await startTestGateway(inject("postgresUrl"), { asksOthers: true });
  two = await startTestGateway(inject("postgresUrl"), { beside: one, asksOthers: true });
  rig = await startTestRelay(one);
  await one.addUser("root", ["admin", "user"]);
  admin = await one.signIn("root");
});
afterAll(async () => {
  await rig?.close();
  await two?.stop();
  await one?.stop();
});

// No controller tells that the node is there.
beforeEach(() => one.database.owner.sql`update nodes set last_seen_at = now()`);

/** The same cookie at the other gateway. */
function at(gateway: TestGateway, { cookie }: Browser): Browser {
  const browser = gateway.browser();
  browser.cookie = cookie;
  return browser;
}

async function open(gateway: TestGateway, browser: Browser, id: string): Promise<UpgradeAnswer> {
  const stream = await askUpgrade(`${gateway.origin}/vnc/${id}`, await rig.offer(browser, id));
  expect(stream.status).toBe(101);
  return stream;
}

/** The code of the close frame that ends a stream; undefined where it ended without one. */
function closeCodeOf({ socket }: UpgradeAnswer): Promise<number | undefined> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    socket?.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const frame = bytes.lastIndexOf(0x88);
      if (frame < 0 || bytes.length < frame + 4) return;
      resolve(bytes.readUInt16BE(frame + 2));
      socket.destroy();
    });
    socket?.on("close", () => resolve(undefined));
  });
}

/** An event stream, and all that it says until it ends. */
async function events(browser: Browser): Promise<{ all: Promise<string> }> {
  const response = await browser.fetch("GET", "/api/events");
  expect(response.status).toBe(200);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = (await reader?.read())?.value ?? "";
  const rest = async () => {
    let text = first;
    for (;;) {
      const part = await reader?.read().catch(() => undefined);
      if (!part || part.done) return text;
      text += part.value;
    }
  };
  return { all: rest() };
}

const statusOf = async (browser: Browser) => (await browser.call("GET", "/api/me")).status;

interface Person {
  readonly id: string;
  readonly laptop: Browser;
  readonly tablet: Browser;
  readonly desktop: string;
  /** Of both devices, at both gateways, desktops and events. */
  readonly codes: Promise<(number | undefined)[]>;
  readonly ends: Promise<string[]>;
  /** Asked for before, and not used yet. */
  readonly ticket: string;
}

/** Someone at work on two devices, through two gateways. */
async function atWork(username: string): Promise<Person> {
  const id = await one.addUser(username);
  const laptop = await one.signIn(username);
  const tablet = await two.signIn(username);
  const desktop = await rig.startDesktop(laptop);
  const streams = [await open(one, laptop, desktop), await open(two, tablet, desktop)];
  const listening = [await events(at(two, laptop)), await events(at(one, tablet))];
  return {
    id,
    laptop,
    tablet,
    desktop,
    codes: Promise.all(streams.map(closeCodeOf)),
    ends: Promise.all(listening.map((it) => it.all)),
    ticket: await rig.offer(laptop, desktop),
  };
}

/** Nothing of theirs holds any more, wherever they ask; the desktop runs on. */
async function expectOut(person: Person): Promise<void> {
  for (const device of [person.laptop, person.tablet])
    for (const gateway of [one, two]) expect(await statusOf(at(gateway, device))).toBe(401);
  const { code } = closeCodes.grantEnded;
  expect(await person.codes).toEqual([code, code]);
  for (const said of await person.ends) expect(said).not.toContain("event: gone");
  expect(await askUpgrade(`${two.origin}/vnc/${person.desktop}`, person.ticket)).toMatchObject({
    status: 401,
    body: { code: "ticket_revoked" },
  });
  const [row] = await one.database.owner.sql`
    select state from instances where id = ${person.desktop}`;
  expect(row).toEqual({ state: "running" });
}

describe("signing out everywhere", () => {
  it(
    "ends every cookie, desktop and event stream of the person, and of nobody else",
    async () => {
      const ada = await atWork("ada");
      const bob = await atWork("bob");
      let bobOut = false;
      void bob.codes.then(() => (bobOut = true));
      const answer = await ada.tablet.call("POST", "/api/auth/logout/everywhere");
      expect(answer).toMatchObject({ status: 204, body: null });
      expect(answer.headers.get("set-cookie")).toMatch(/^asci_session=; Max-Age=0;/);
      // The answer empties the cookie; what it was is what must not count any more.
      await expectOut(ada);
      for (const device of [bob.laptop, bob.tablet])
        for (const gateway of [one, two]) expect(await statusOf(at(gateway, device))).toBe(200);
      expect(bobOut).toBe(false);
      const again = await one.signIn("ada");
      (await open(two, again, ada.desktop)).socket?.destroy();

      // An administrator can do the same for another person, and only an administrator.
      const path = `/api/admin/users/${bob.id}/logout`;
      expect(await again.call("POST", path)).toMatchObject({
        status: 403,
        body: { code: "role_missing" },
      });
      expect((await one.browser().call("POST", path)).status).toBe(401);
      expect(await statusOf(bob.laptop)).toBe(200);
      expect(await admin.call("POST", path)).toMatchObject({ status: 204, body: null });
      await expectOut(bob);
      expect(await statusOf(again)).toBe(200);
    },
    noticedMs,
  );

  it("needs someone who is signed in, and is asked from one's own pages", async () => {
    const person = await one.addUser("carol").then(() => one.signIn("carol"));
    const path = "/api/auth/logout/everywhere";
    expect((await two.browser().call("POST", path)).status).toBe(401);
    const foreign = { origin: "https://elsewhere.example" };
    expect(await person.call("POST", path, undefined, foreign)).toMatchObject({
      status: 403,
      body: { code: "origin_foreign" },
    });
    expect(await statusOf(person)).toBe(200);
    expect((await two.browser().call("POST", "/api/auth/logout")).status).toBe(204);
  });

  it("knows nobody whom there is not", async () => {
    for (const id of ["00000000-0000-4000-8000-000000000000", "nobody"])
      expect(await admin.call("POST", `/api/admin/users/${id}/logout`)).toMatchObject({
        status: 404,
        body: { code: "not_found" },
      });
  });
});

describe("signing out of one device", () => {
  it(
    "leaves the others, and tells them nothing that they could mistake",
    async () => {
      const dora = await atWork("dora");
      await dora.laptop.call("POST", "/api/auth/logout");
      expect(await statusOf(at(one, dora.laptop))).toBe(401);
      expect(await statusOf(at(one, dora.tablet))).toBe(200);
      await dora.tablet.call("POST", "/api/auth/logout/everywhere");
      await expectOut(dora);
    },
    noticedMs,
  );
});

describe("a person who is disabled", () => {
  it(
    "is out of both gateways at once, out of open desktops, and stays out",
    async () => {
      const eve = await atWork("eve");
      const path = `/api/admin/users/${eve.id}`;
      expect((await admin.call("PATCH", path, { disabled: true })).status).toBe(200);
      await expectOut(eve);
      for (const gateway of [one, two]) {
        const login = { username: "eve", password: testPassword };
        expect(await gateway.browser().call("POST", "/api/auth/login", login)).toMatchObject({
          status: 401,
          body: { code: "wrong_credentials" },
        });
      }
      // A cookie of before does not come back to life with its person.
      expect((await admin.call("PATCH", path, { disabled: false })).status).toBe(200);
      for (const gateway of [one, two]) expect(await statusOf(at(gateway, eve.laptop))).toBe(401);
      expect(await statusOf(await two.signIn("eve"))).toBe(200);
    },
    noticedMs,
  );

  it("and a sign-in that is under way at that moment gets no further", async () => {
    const id = await one.addUser("frank");
    for (let n = 0; n < 10; n++) {
      const browsers = Array.from({ length: 4 }, (_, m) => (m % 2 ? one : two).browser());
      const login = { username: "frank", password: testPassword };
      await Promise.all([
        ...browsers.map((it) => it.call("POST", "/api/auth/login", login)),
        admin.call("PATCH", `/api/admin/users/${id}`, { disabled: true }),
      ]);
      for (const it of browsers) expect(await statusOf(it)).toBe(401);
      await admin.call("PATCH", `/api/admin/users/${id}`, { disabled: false });
      await one.database.owner.sql`delete from sign_in_failures`;
      for (const it of browsers) expect(await statusOf(it)).toBe(401);
    }
  });
});
