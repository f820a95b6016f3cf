import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { startTestGateway, type Browser, type TestGateway } from "../../gateway/testing.ts";
import { closeCodes, type CloseCode } from "../../wire/close-codes.ts";
import { closeFrame } from "../../wire/ws-frame.ts";
import { startTestRelay, type TestRelay } from "../relay.ts";
import { askUpgrade, type UpgradeAnswer } from "../upgrade.ts";

const entry = join(import.meta.dirname, "../../controller/relay/main.ts");
const patience = { timeout: 30_000, interval: 20 };

let gateway: TestGateway;
let rig: TestRelay;
let ada: Browser;
let id: string;
let relayUrl: string;
let relay: ChildProcess | undefined;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  rig = await startTestRelay(gateway);
  // Its desktops stay; a relay that is a process of its own takes its place.
  await rig.relay.stop();
  await gateway.addUser("ada");
  ada = await gateway.signIn("ada");
  id = await rig.startDesktop(ada);
  const [node] = await gateway.database.owner.sql<{ url: string }[]>`
    select relay_url as url from nodes`;
  relayUrl = node?.url ?? "";
});
afterAll(async () => {
  await rig?.close();
  await gateway?.stop();
});
beforeEach(async () => {
  // No controller tells that the node is there.
  await gateway.database.owner.sql`update nodes set last_seen_at = now()`;
  await start();
});
afterEach(() => {
  relay?.kill("SIGKILL");
});

async function start(): Promise<void> {
  relay = spawn(process.execPath, [entry], {
    env: {
      PATH: process.env["PATH"],
      DATABASE_URL: gateway.database.urls.relay,
      ASCI_NODE_ID: gateway.database.nodeId,
      ASCI_RUN_DIR: relayUrl.slice("unix:".length).replace(/\/relay\.sock$/, ""),
      ASCI_RELAY_LISTEN: relayUrl,
      ASCI_RELAY_UID: "0",
      ASCI_RELAY_GID: "0",
    },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  await once(relay, "message");
}

function ended(): Promise<unknown[]> {
  if (relay === undefined) throw new Error("no relay was started");
  return once(relay, "exit");
}

async function open(): Promise<UpgradeAnswer> {
  return askUpgrade(`${gateway.origin}/vnc/${id}`, await rig.offer(ada, id));
}

/** All that a stream's client gets, as it comes. */
function received({ socket }: UpgradeAnswer): () => Buffer {
  const chunks: Buffer[] = [];
  socket?.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks);
}

/** Waits until the last that came is this close frame. */
async function closesWith(bytes: () => Buffer, close: CloseCode): Promise<void> {
  const frame = closeFrame(close.code, close.reason);
  await expect.poll(() => bytes().subarray(-frame.length), patience).toEqual(frame);
}

const outOfReach = {
  status: 503,
  headers: { "content-type": "application/problem+json" },
  body: { status: 503, code: "node_unreachable", detail: expect.stringContaining("try again") },
};

describe("a relay that is asked to end", () => {
  it("closes streams so that viewers reconnect, and its successor takes them", async () => {
    const stream = await open();
    expect(stream.status).toBe(101);
    const bytes = received(stream);
    const exit = ended();
    relay?.kill("SIGTERM");
    await closesWith(bytes, closeCodes.relayRestarting);
    stream.socket?.destroy();
    expect(await exit).toEqual([0, null]);

    // In between nothing hangs, and nothing is spent.
    const protocols = await rig.offer(ada, id);
    expect(await askUpgrade(`${gateway.origin}/vnc/${id}`, protocols)).toMatchObject(outOfReach);
    await start();
    const again = await askUpgrade(`${gateway.origin}/vnc/${id}`, protocols);
    expect(again.status).toBe(101);
    again.socket?.destroy();
  });

  it("opens what it had begun to open, only to close it in the same way", async () => {
    const { owner } = gateway.database;
    const protocols = await rig.offer(ada, id);
    const held = await owner.sql.reserve();
    await held`begin`;
    await held`select 1 from tickets for update`;
    const answer = askUpgrade(`${gateway.origin}/vnc/${id}`, protocols);
    const waiting = async () => {
      const rows = await owner.sql`
        select 1 from pg_stat_activity
        where datname = current_database() and application_name = 'asci-relay' and wait_event_type = 'Lock'`;
      return rows.length;
    };
    await expect.poll(waiting, patience).toBe(1);
    const exit = ended();
    relay?.kill("SIGTERM");
    // It takes nothing new, but has not forgotten this one.
    const later = await rig.offer(ada, id);
    const ask = () => askUpgrade(`${gateway.origin}/vnc/${id}`, later);
    await expect.poll(async () => (await ask()).status, patience).toBe(503);
    await held`commit`;
    held.release();
    const stream = await answer;
    expect(stream.status).toBe(101);
    await closesWith(received(stream), closeCodes.relayRestarting);
    stream.socket?.destroy();
    expect(await exit).toEqual([0, null]);
  });

  it("ends by its deadline where clients do not", async () => {
    const stream = await open();
    const exit = ended();
    const began = performance.now();
    // Neither reads nor answers.
    relay?.kill("SIGTERM");
    expect(await exit).toEqual([0, null]);
    // The supervisor kills after 10 s.
    expect(performance.now() - began).toBeLessThan(10_000);
    stream.socket?.destroy();
  });

  it("ends when its supervisor is gone", async () => {
    const exit = ended();
    relay?.disconnect();
    expect(await exit).toEqual([0, null]);
  });
});

describe("a relay that is killed", () => {
  it("is told to viewers by the gateway, and its successor takes them", async () => {
    const stream = await open();
    const bytes = received(stream);
    relay?.kill("SIGKILL");
    await closesWith(bytes, closeCodes.upstreamLost);
    stream.socket?.destroy();
    expect(await open()).toMatchObject(outOfReach);
    await start();
    const again = await open();
    expect(again.status).toBe(101);
    again.socket?.destroy();
  });
});
