import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../db/testing.ts";
import { hashPassword } from "../../gateway/node/password.ts";
import { Browser, testPassword } from "../../gateway/testing.ts";
import { closeCodes } from "../../wire/close-codes.ts";
import { closeFrame } from "../../wire/ws-frame.ts";
import { startTestRelay, type TestRelay } from "../relay.ts";
import { askUpgrade } from "../upgrade.ts";

const entry = join(import.meta.dirname, "../../gateway/node.ts");
const sealingKey = Buffer.alloc(32, 7).toString("base64");
const patience = { timeout: 30_000, interval: 20 };

let database: TestDatabase;
let rig: TestRelay;
let pages: string;
let port: number;
let origin: string;
let gateway: ChildProcess | undefined;
const sockets: Socket[] = [];

beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  rig = await startTestRelay({ database });
  pages = await mkdtemp(join(tmpdir(), "asci-pages-"));
  await writeFile(join(pages, "index.html"), "<!doctype html><title>pages</title>");
  await database.owner.sql`
    insert into users (username, display_name, roles, password_hash)
    values ('ada', 'Ada', '{user}', ${await hashPassword(testPassword)})`;
});
afterAll(async () => {
  await rig?.close();
  await database?.drop();
  await rm(pages, { recursive: true, force: true });
});
// No controller tells that the node is there.
beforeEach(() => database.owner.sql`update nodes set last_seen_at = now()`);
afterEach(() => {
  gateway?.kill("SIGKILL");
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** The real process, as the supervisor starts it. */
async function start(more: Record<string, string> = {}): Promise<void> {
  gateway = spawn(process.execPath, [entry], {
    env: {
      PATH: process.env["PATH"],
      ASCI_PORT: "0",
      DATABASE_URL: database.urls.gateway,
      ASCI_SEALING_KEY: sealingKey,
      ASCI_UI_DIR: pages,
      ...more,
    },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const [ready] = (await once(gateway, "message")) as [{ port: number }];
  port = ready.port;
  origin = `http://127.0.0.1:${port}`;
}

function ended(): Promise<unknown[]> {
  if (gateway === undefined) throw new Error("no gateway was started");
  return once(gateway, "exit");
}

const terminate = (): boolean | undefined => gateway?.kill("SIGTERM");

async function signIn(): Promise<Browser> {
  const browser = new Browser(origin);
  await browser.call("POST", "/api/auth/login", { username: "ada", password: testPassword });
  return browser;
}

interface Raw {
  readonly socket: Socket;
  readonly text: () => string;
  /** The other side has ended it. */
  readonly over: () => boolean;
}

/** A connection of which every byte is seen. */
async function raw(first = ""): Promise<Raw> {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  let text = "";
  let over = false;
  socket.on("data", (chunk) => (text += chunk.toString("latin1")));
  socket.on("end", () => (over = true)).on("close", () => (over = true));
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(first);
  return { socket, text: () => text, over: () => over };
}

const get = (path: string, more = ""): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

async function isListening(): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const listening = await new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  });
  socket.destroy();
  return listening;
}

/** A sign-in whose body lacks its last byte: a request that runs until `rest` is sent. */
async function unfinished(): Promise<Raw & { rest: string }> {
  const body = JSON.stringify({ username: "ada", password: testPassword });
  const head =
    `POST /api/auth/login HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: ${origin}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return { ...(await raw(head + body.slice(0, -1))), rest: body.slice(-1) };
}

describe("a gateway that is asked to end", () => {
  it("finishes what runs, ends event streams whole, and lets go of everything else", async () => {
    await start();
    const browser = await signIn();
    const events = await raw(get("/api/events", `Cookie: ${browser.cookie}\r\n`));
    await expect.poll(events.text, patience).toContain("event: resync");
    const kept = await raw(get("/healthz"));
    await expect.poll(kept.text, patience).toContain('{"ok":true}');
    const silent = await raw();
    const begun = await raw("GET /healthz HTTP/1.1\r\nHost");
    const running = await unfinished();
    // What was written before is read before: the gateway knows of all of them.
    expect((await browser.call("GET", "/api/me")).status).toBe(200);
    const exit = ended();

    terminate();
    await expect.poll(isListening, patience).toBe(false);
    await expect
      .poll(() => [kept.over(), silent.over(), events.over()], patience)
      .toEqual([true, true, true]);
    // The last chunk (RFC 9112, 7.1): an end, not a cut.
    expect(events.text().endsWith("\r\n0\r\n\r\n")).toBe(true);
    expect([running.over(), begun.over()]).toEqual([false, false]);

    begun.socket.write(": a\r\n\r\n");
    await expect.poll(begun.over, patience).toBe(true);
    expect(begun.text()).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n[^]*\{"ok":true\}/i,
    );
    running.socket.write(running.rest);
    await expect.poll(running.over, patience).toBe(true);
    expect(running.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(running.text()).toMatch(/\r\nconnection: close\r\n/i);
    expect(running.text()).toContain('"username":"ada"');
    expect(await exit).toEqual([0, null]);
  });

  it("closes desktops' streams with the code on which viewers reconnect", async () => {
    await start();
    const browser = await signIn();
    const id = await rig.startDesktop(browser);
    const stream = await askUpgrade(`${origin}/vnc/${id}`, await rig.offer(browser, id));
    expect(stream.status).toBe(101);
    const bytes: Buffer[] = [];
    stream.socket?.on("data", (chunk: Buffer) => bytes.push(chunk));
    const { code, reason } = closeCodes.gatewayDraining;
    const wanted = closeFrame(code, reason);
    const exit = ended();
    terminate();
    await expect
      .poll(() => Buffer.concat(bytes).subarray(-wanted.length), patience)
      .toEqual(wanted);
    stream.socket?.destroy();
    expect(await exit).toEqual([0, null]);
  });

  it("ends by its deadline, whoever keeps it waiting", async () => {
    await start();
    const running = await unfinished();
    const browser = await signIn();
    const id = await rig.startDesktop(browser);
    // Never answers the close frame, never closes.
    const stream = await askUpgrade(`${origin}/vnc/${id}`, await rig.offer(browser, id));
    expect(stream.status).toBe(101);
    const exit = ended();
    const began = performance.now();
    terminate();
    expect(await exit).toEqual([0, null]);
    // The supervisor kills after 10 s.
    expect(performance.now() - began).toBeLessThan(10_000);
    await expect.poll(running.over, patience).toBe(true);
    expect(running.text()).toBe("");
  });
});

describe("a gateway behind a load balancer", () => {
  it("says that it drains, and serves everybody until they were turned away", async () => {
    await start({ ASCI_DRAIN_SECONDS: "600" });
    const browser = await signIn();
    const ready = () => browser.call("GET", "/readyz");
    expect((await ready()).status).toBe(200);
    const events = await raw(get("/api/events", `Cookie: ${browser.cookie}\r\n`));
    await expect.poll(events.text, patience).toContain("event: resync");
    const exit = ended();
    terminate();
    await expect.poll(async () => (await ready()).status, patience).toBe(503);
    expect((await ready()).body).toMatchObject({
      ready: false,
      checks: [{ name: "draining", ok: false, error: expect.any(String) }],
    });
    // A balancer must not keep what it holds.
    expect((await ready()).headers.get("connection")).toBe("close");
    expect((await browser.call("GET", "/healthz")).status).toBe(200);
    expect((await browser.call("GET", "/api/me")).status).toBe(200);
    const id = await rig.startDesktop(browser);
    const stream = await askUpgrade(`${origin}/vnc/${id}`, await rig.offer(browser, id));
    expect(stream.status).toBe(101);
    // It tells of the desktop that was started meanwhile.
    await expect.poll(events.text, patience).toContain("event: instance");
    expect(events.over()).toBe(false);

    // Asked a second time it waits no longer.
    terminate();
    await expect.poll(isListening, patience).toBe(false);
    stream.socket?.destroy();
    expect(await exit).toEqual([0, null]);
    expect(events.text().endsWith("\r\n0\r\n\r\n")).toBe(true);
  });

  it("ends by itself after the time that was set", async () => {
    await start({ ASCI_DRAIN_SECONDS: "0.5" });
    const exit = ended();
    const began = performance.now();
    terminate();
    expect(await exit).toEqual([0, null]);
    expect(performance.now() - began).toBeGreaterThan(500);
  });

  it("waits for nobody when its supervisor is gone", async () => {
    await start({ ASCI_DRAIN_SECONDS: "600" });
    const exit = ended();
    gateway?.disconnect();
    expect(await exit).toEqual([0, null]);
  });

  it("starts with no time that makes no sense", async () => {
    const child = spawn(process.execPath, [entry], {
      env: { PATH: process.env["PATH"], ASCI_DRAIN_SECONDS: "soon", DATABASE_URL: "x" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk) => (said += String(chunk)));
    expect(await once(child, "close")).toEqual([78, null]);
    expect(said).toContain("ASCI_DRAIN_SECONDS: seconds");
    expect(said).toContain("ASCI_SEALING_KEY: ");
  });
});
