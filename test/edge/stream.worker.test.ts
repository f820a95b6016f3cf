/** What goes through a Worker once it has let a client in: whatever is sent, whole and in order. */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { WebSocket } from "ws";
import { startTestGateway, type Browser, type TestGateway } from "../../gateway/testing.ts";
import { closeCodes } from "../../wire/close-codes.ts";
import { until } from "../browser.ts";
import { startTestRelay, type TestRelay } from "../relay.ts";

const mebibyte = 1024 ** 2;
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

interface Open {
  readonly socket: WebSocket;
  /** Everything that came behind the opening handshake. */
  readonly received: Buffer[];
}

/** Connects, and makes the browser's half of the RFB handshake (RFC 6143, section 7.1). */
async function open(instanceId: string): Promise<Open> {
  const offered = (await rig.offer(ada, instanceId)).split(", ");
  const url = `${gateway.origin.replace("http", "ws")}/vnc/${instanceId}`;
  const socket = new WebSocket(url, offered, { maxPayload: 64 * mebibyte });
  const received: Buffer[] = [];
  socket.on("message", (data: Buffer) => received.push(data));
  await once(socket, "open");
  const upTo = async (bytes: number) => {
    await until(`${bytes} bytes`, async () => Buffer.concat(received).length >= bytes);
    received.length = 0;
  };
  await upTo(12);
  socket.send(Buffer.from("RFB 003.008\n"));
  await upTo(2);
  socket.send(Buffer.from([1]));
  await upTo(4);
  socket.send(Buffer.from([1]));
  return { socket, received };
}

const bytesOf = (parts: readonly Buffer[]) => parts.reduce((sum, it) => sum + it.length, 0);
const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

describe("a stream through a Worker", () => {
  it("chooses the subprotocol and no extension", async () => {
    const { socket } = await open(await rig.startDesktop(ada));
    expect([socket.protocol, socket.extensions]).toEqual(["binary", ""]);
    socket.terminate();
  });

  it("brings an update of 40 MiB whole", async () => {
    const update = randomBytes(40 * mebibyte);
    const id = await rig.startDesktop(ada, (desktop) => void desktop.write(update));
    const { socket, received } = await open(id);
    await until("the update", async () => bytesOf(received) >= update.length);
    expect(digest(Buffer.concat(received))).toBe(digest(update));
    socket.terminate();
  });

  it("carries a hundred sockets at once, each its own", async () => {
    const id = await rig.startDesktop(ada);
    const sockets: Open[] = [];
    for (let n = 0; n < 100; n += 10)
      sockets.push(...(await Promise.all(Array.from({ length: 10 }, () => open(id)))));
    for (let round = 0; round < 5; round++) {
      for (const [n, { socket }] of sockets.entries()) socket.send(Buffer.from(`${n}:${round};`));
      await until("all echoes", async () =>
        sockets.every(({ received }, n) => Buffer.concat(received).includes(`${n}:${round};`)),
      );
    }
    for (const [n, { socket, received }] of sockets.entries()) {
      const all = [0, 1, 2, 3, 4].map((round) => `${n}:${round};`).join("");
      expect(Buffer.concat(received).toString()).toBe(all);
      socket.terminate();
    }
  });

  it("ends with the code that tells the viewer why", async () => {
    const { socket } = await open(await rig.startDesktop(ada));
    const closed = once(socket, "close");
    const admin = await gateway.signIn("root");
    const { body } = await ada.call("GET", "/api/me");
    await admin.call("PATCH", `/api/admin/users/${String(body["id"])}`, { disabled: true });
    expect((await closed)[0]).toBe(closeCodes.grantEnded.code);
    await admin.call("PATCH", `/api/admin/users/${String(body["id"])}`, { disabled: false });
    ada = await gateway.signIn("ada");
  });

  it("ends at the desktop when the client goes", async () => {
    let ended = false;
    const serve = (desktop: Socket) => void desktop.resume().on("close", () => (ended = true));
    const { socket } = await open(await rig.startDesktop(ada, serve));
    socket.terminate();
    await until("the desktop's end", async () => ended);
  });
});
