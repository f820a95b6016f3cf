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

let gateway: TestGateway;
let rig: TestRelay;
let station: Browser;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"), { asksOthers: true });
  rig = await startTestRelay(gateway);
  await gateway.addUser("ada");
});
afterAll(async () => {
  await rig?.close();
  await gateway?.stop();
});
beforeEach(async () => {
  const { sql } = gateway.database.owner;
  station = await gateway.addStation("IMBL");
  await sql`update nodes set last_seen_at = now()`;
  await sql`
    with x as (
      insert into experiments (code, beamline_id, starts_at, ends_at)
      select '18342', id, now() - interval '1 hour', now() + interval '1 hour' from beamlines
      on conflict (lower(code)) do update set ends_at = excluded.ends_at returning id
    )
    insert into members (experiment_id, user_id) select x.id, u.id from x, users u where u.username = 'ada'
    on conflict do nothing`;
});

const open = async (browser: Browser, id: string): Promise<UpgradeAnswer> => {
  const stream = await askUpgrade(`${gateway.origin}/vnc/${id}`, await rig.offer(browser, id));
  expect(stream.status).toBe(101);
  return stream;
};

/** The code of the close frame that ends a stream; undefined where it ended without one. */
function closeCodeOf({ socket }: UpgradeAnswer): Promise<number | undefined> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    socket?.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const at = bytes.lastIndexOf(0x88);
      if (at >= 0 && bytes.length >= at + 4) resolve(bytes.readUInt16BE(at + 2));
    });
    socket?.on("close", () => resolve(undefined));
  });
}

/** A station as if it started with somebody's own home, whatever is asked to start. */
function asAda(browser: Browser): Browser {
  const own = gateway.browser();
  own.cookie = browser.cookie;
  const call = own.call.bind(own);
  own.call = (method, path, body, headers) =>
    path === "/api/instances" && method === "POST"
      ? call(method, "/api/station/starts", {
          ...(body as object),
          username: "ada",
          password: testPassword,
        })
      : call(method, path, body, headers);
  return own;
}

const ends: readonly [string, () => Promise<unknown>][] = [
  ["the experiment ends", () => gateway.database.owner.sql`update experiments set ends_at = now()`],
  [
    "the station is revoked",
    () => gateway.database.owner.sql`update stations set revoked_at = now()`,
  ],
];

describe("a station's connection", () => {
  it.each(ends)("ends when %s, and its unused ticket opens nothing", async (_, end) => {
    const id = await rig.startDesktop(station);
    const stream = await open(station, id);
    const code = closeCodeOf(stream);
    const unused = await rig.offer(station, id);
    await end();
    expect(await askUpgrade(`${gateway.origin}/vnc/${id}`, unused)).toMatchObject({
      status: 401,
      body: { code: "ticket_revoked" },
    });
    expect(await code).toBe(closeCodes.grantEnded.code);
  });

  it("to somebody's own desktop ends when they are disabled", async () => {
    const id = await rig.startDesktop(asAda(station));
    const code = closeCodeOf(await open(station, id));
    await gateway.database.owner.sql`update users set disabled_at = now() where username = 'ada'`;
    expect(await code).toBe(closeCodes.grantEnded.code);
    await gateway.database.owner.sql`update users set disabled_at = null where username = 'ada'`;
  });

  it("to somebody's own desktop ends alone: theirs goes on", async () => {
    const id = await rig.startDesktop(asAda(station));
    const ada = await gateway.signIn("ada");
    const [there, elsewhere] = [await open(station, id), await open(ada, id)];
    const code = closeCodeOf(there);
    await gateway.database.owner.sql`update instances set station_id = null where id = ${id}`;
    expect(await code).toBe(closeCodes.grantEnded.code);
    expect(elsewhere.socket?.destroyed).toBe(false);
    elsewhere.socket?.destroy();
    expect((await station.call("GET", `/api/instances/${id}`)).status).toBe(404);
  });
});
