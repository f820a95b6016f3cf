import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startTestGateway, type Browser, type TestGateway } from "../../gateway/testing.ts";
import { closeCodes } from "../../wire/close-codes.ts";
import { until } from "../browser.ts";
import { startTestRelay, type TestRelay } from "../relay.ts";
import { askUpgrade, type UpgradeAnswer } from "../upgrade.ts";

let gateway: TestGateway;
let rig: TestRelay;
let ada: Browser;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"), { asksOthers: true });
  rig = await startTestRelay(gateway);
  await gateway.addUser("ada");
  await gateway.addUser("root", ["admin", "user"]);
  ada = await gateway.signIn("ada");
});
afterAll(async () => {
  await rig?.close();
  await gateway?.stop();
});

/** A Worker on this machine has no pooler before its database, which takes a hundred connections. */
const racers = inject("entry") === "workerd" ? 50 : 1000;

const open = (instanceId: string, protocols: string) =>
  askUpgrade(`${gateway.origin}/vnc/${instanceId}`, protocols);

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

describe("a ticket", () => {
  it(`opens exactly one of ${racers} connections that race for it`, async () => {
    const id = await rig.startDesktop(ada);
    const protocols = await rig.offer(ada, id);
    const counts = new Map<string, number>();
    const winners: UpgradeAnswer[] = [];
    const answers = await Promise.all(Array.from({ length: racers }, () => open(id, protocols)));
    for (const answer of answers) {
      const key = `${answer.status} ${String(answer.body?.["code"] ?? "")}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if (answer.status === 101) winners.push(answer);
    }
    expect(Object.fromEntries(counts)).toEqual({ "101 ": 1, "401 ticket_used": racers - 1 });
    expect(winners[0]?.headers["sec-websocket-protocol"]).toBe("binary");
    expect(winners[0]?.headers["sec-websocket-extensions"]).toBeUndefined();
    winners[0]?.socket?.destroy();
  }, 120_000);

  it("is refused by the relay as well, where the gateway did not know yet", async () => {
    const id = await rig.startDesktop(ada);
    const protocols = await rig.offer(ada, id);
    // Both pass the gateway's look before either is redeemed: the relay decides.
    const answers = await Promise.all([open(id, protocols), open(id, protocols)]);
    const statuses = answers.map((it) => it.status).sort();
    expect(statuses).toEqual([101, 401]);
    for (const it of answers) it.socket?.destroy();
  });

  it("of a person who was disabled meanwhile opens nothing", async () => {
    const userId = await gateway.addUser("gone-soon");
    const person = await gateway.signIn("gone-soon");
    const id = await rig.startDesktop(person);
    const protocols = await rig.offer(person, id);
    const admin = await gateway.signIn("root");
    await admin.call("PATCH", `/api/admin/users/${userId}`, { disabled: true });
    expect(await open(id, protocols)).toMatchObject({
      status: 401,
      body: { code: "ticket_revoked" },
    });
  });
});

describe("an open stream", () => {
  it("ends with its reason when the person is disabled", async () => {
    const userId = await gateway.addUser("leaver");
    const person = await gateway.signIn("leaver");
    const id = await rig.startDesktop(person);
    const stream = await open(id, await rig.offer(person, id));
    expect(stream.status).toBe(101);
    const code = closeCodeOf(stream);
    const admin = await gateway.signIn("root");
    await admin.call("PATCH", `/api/admin/users/${userId}`, { disabled: true });
    expect(await code).toBe(closeCodes.grantEnded.code);
  });

  it("ends when the person signs out, and another one's goes on", async () => {
    const person = await gateway.signIn("ada");
    const id = await rig.startDesktop(person);
    const [mine, others] = [
      await open(id, await rig.offer(person, id)),
      await open(id, await rig.offer(ada, id)),
    ];
    const code = closeCodeOf(mine);
    await person.call("POST", "/api/auth/logout");
    expect(await code).toBe(closeCodes.grantEnded.code);
    expect(others.socket?.destroyed).toBe(false);
    others.socket?.destroy();
  });

  it("ends with its reason when the desktop is stopped", async () => {
    const id = await rig.startDesktop(ada);
    const stream = await open(id, await rig.offer(ada, id));
    const code = closeCodeOf(stream);
    await ada.call("POST", `/api/instances/${id}/stop`);
    expect(await code).toBe(closeCodes.desktopEnded.code);
    await until("the relay forgets it", async () => rig.relay.grants().length === 0);
  });
});
