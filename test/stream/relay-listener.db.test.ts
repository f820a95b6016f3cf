import { dirname, join } from "node:path";
import { generateKeyPair, SignJWT, decodeJwt } from "jose";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  it,
  vi,
} from "vitest";
import { startTestGateway, type Browser, type TestGateway } from "../../gateway/testing.ts";
import { askRaw, early, late, setTrap, upgradeHead, type Trap } from "../raw-upgrade.ts";
import { startTestRelay, type TestRelay } from "../relay.ts";

const desktopsOwn = "<said by the desktop>";

let gateway: TestGateway;
let rig: TestRelay;
let ada: Browser;
let instanceId: string;
let socketPath: string;
/** In the place of the desktop's VNC server: hears whatever comes that far. */
let desktop: Trap;
/** The subprotocols that carry a ticket which is good. */
let offer: string;

const run = (text: string) => gateway.database.owner.sql.unsafe(text);

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  rig = await startTestRelay(gateway);
  await gateway.addUser("ada");
  ada = await gateway.signIn("ada");
  instanceId = await rig.startDesktop(ada);
  socketPath = join(dirname(rig.path), "d", `${instanceId}-1`, "vnc", "vnc.sock");
});
afterAll(async () => {
  await rig?.close();
  await gateway?.stop();
});
beforeEach(async () => {
  desktop = await setTrap(socketPath, (socket, heard) => {
    if (!heard) socket.end(desktopsOwn);
  });
  offer = await rig.offer(ada, instanceId);
});
afterEach(() => desktop.close());

/** A client that finds the relay's socket and talks on whatever it is told. */
async function askRelay(head: string, behind?: Buffer) {
  const answer = await askRaw({ path: rig.path }, head, behind);
  await desktop.quiet();
  expect(JSON.stringify(answer)).not.toContain(desktopsOwn);
  expect(JSON.stringify(answer)).not.toContain("RFB");
  for (const it of desktop.heard) {
    expect(it).not.toContain(early);
    expect(it).not.toContain(late);
  }
  return answer;
}
const upgrade = (protocols: string | undefined, headers: Record<string, string> = {}) =>
  upgradeHead(`/vnc/${instanceId}`, {
    ...(protocols === undefined ? {} : { "Sec-WebSocket-Protocol": protocols }),
    ...headers,
  });

/** A ticket like the good one but for what `change` does, signed with the real key or another. */
async function changed(
  change: (jwt: SignJWT) => SignJWT,
  signing?: { kid: string; key: CryptoKey },
): Promise<string> {
  const { kid, key } = signing ?? (await gateway.deps.keys.signer());
  const jwt = new SignJWT(decodeJwt(offer.replace("binary, ticket.", ""))).setProtectedHeader({
    alg: "ES256",
    typ: "vnc+jwt",
    kid,
  });
  return `binary, ticket.${await change(jwt).sign(key)}`;
}
const stranger = async (kid: string) => ({
  kid,
  key: (await generateKeyPair("ES256")).privateKey,
});

describe("whoever talks straight to a relay", () => {
  it.each<[string, () => string | undefined | Promise<string>, string]>([
    ["without subprotocols", () => undefined, "ticket_missing"],
    ["without a ticket", () => "binary", "ticket_missing"],
    ["with what is no ticket", () => "binary, ticket.garbage", "ticket_forged"],
    [
      "with a ticket signed by a key of their own",
      async () => changed((it) => it, await stranger("made-up")),
      "ticket_forged",
    ],
    [
      "with a ticket signed by a key of their own under our key's id",
      async () => changed((it) => it, await stranger((await gateway.deps.keys.signer()).kid)),
      "ticket_forged",
    ],
    [
      "with a ticket for another node",
      () => changed((it) => it.setAudience(crypto.randomUUID())),
      "ticket_forged",
    ],
    [
      "with a ticket that nobody was given",
      () => changed((it) => it.setJti(crypto.randomUUID())),
      "ticket_revoked",
    ],
    [
      "with a used ticket",
      async () => {
        await run("update tickets set used_at = now()");
        return offer;
      },
      "ticket_used",
    ],
    [
      "with an expired ticket",
      async () => {
        await run("update tickets set expires_at = now()");
        return offer;
      },
      "ticket_expired",
    ],
    [
      "with a ticket of somebody who signed out",
      async () => {
        await run("update sign_ins set revoked_at = now()");
        return offer;
      },
      "ticket_revoked",
    ],
  ])("%s comes no further", async (_what, protocols, code) => {
    const answer = await askRelay(upgrade(await protocols()));
    await run("update sign_ins set revoked_at = null");
    expect(answer).toMatchObject({ status: 401, body: { code }, behind: "" });
    expect(desktop.heard).toEqual([]);
    // That it would have been heard of.
    await askRelay(upgrade(await rig.offer(ada, instanceId)));
    expect(desktop.heard).toHaveLength(1);
  });

  it.each([3_600_000, -3_600_000])(
    "with a good ticket is let through where the node's clock is %i ms off",
    async (off) => {
      const good = upgrade(await rig.offer(ada, instanceId));
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + off });
      await askRelay(good).finally(() => vi.useRealTimers());
      expect(desktop.heard).toHaveLength(1);
    },
  );

  it.each([
    ["an old handshake", () => upgrade(offer, { "Sec-WebSocket-Version": "8" }), 400],
    ["a key that is none", () => upgrade(offer, { "Sec-WebSocket-Key": "x" }), 400],
    ["another protocol", () => upgrade(offer, { Upgrade: "h2c" }), 400],
    ["another method", () => upgrade(offer).replace("GET", "POST"), 400],
    ["an older HTTP", () => upgrade(offer).replace("HTTP/1.1", "HTTP/1.0"), 400],
    ["no upgrade at all", () => upgrade(offer).replace(/(Upgrade|Connection): .*\r\n/g, ""), 404],
    ["RFB", () => "RFB 003.008\n\x01\x01\r\n\r\n", 400],
  ])("by %s comes no further, and the ticket is not spent", async (_what, head, status) => {
    expect(await askRelay(head())).toMatchObject({ status });
    expect(desktop.heard).toEqual([]);
    await askRelay(upgrade(offer));
    expect(desktop.heard).toHaveLength(1);
  });

  it("with a good ticket for a desktop that breaks off is told so, and nothing of the desktop's", async () => {
    const frame = Buffer.concat([
      Buffer.from([0x82, 0x80 | early.length, 0, 0, 0, 0]),
      Buffer.from(early),
    ]);
    const answer = await askRelay(upgrade(offer), frame);
    expect(answer).toMatchObject({
      status: 503,
      body: { code: "desktop_unreachable" },
      behind: "",
    });
    expect(desktop.heard).toHaveLength(1);
  });
});
