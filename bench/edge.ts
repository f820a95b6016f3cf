/** The gateway in real workerd, beside the same installation's gateway on Node. */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { Browser as Client } from "../gateway/testing.ts";
import { launchBrowser, signIn, until, visit } from "../test/browser.ts";
import { openEdgeSite, type EdgeSite } from "../test/edge/site.ts";
import { startWorker } from "../test/edge/worker.ts";
import { median } from "./figures.ts";
import { descendants, watchCpu } from "./harness/processes.ts";
import { shown, untilListens } from "./reconnect.ts";
import type { BenchRow } from "./relay.ts";

const mebibyte = 1024 ** 2;

async function signedIn(origin: string, { installation }: EdgeSite): Promise<Client> {
  const client = new Client(origin);
  const { password } = installation;
  const { status } = await client.call("POST", "/api/auth/login", { username: "admin", password });
  if (status !== 200) throw new Error(`sign-in answered ${status}`);
  return client;
}

/** Until the head of the answer is there, in milliseconds. */
async function timeToFirstByte(client: Client, path: string): Promise<number> {
  const began = performance.now();
  const answer = await client.fetch("GET", path);
  const ms = performance.now() - began;
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`);
  await answer.arrayBuffer();
  return ms;
}

async function benchFirstByte(site: EdgeSite, rounds: number): Promise<BenchRow[]> {
  const node = await signedIn(site.installation.url, site);
  const worker = await signedIn(site.worker.origin, site);
  const rows: BenchRow[] = [];
  for (const path of ["/api/me", "/api/environments", "/api/instances"]) {
    const [nodeMs, workerMs]: [number[], number[]] = [[], []];
    for (let round = -10; round < rounds; round++) {
      const [first, second] = [
        await timeToFirstByte(node, path),
        await timeToFirstByte(worker, path),
      ];
      if (round < 0) continue;
      nodeMs.push(first);
      workerMs.push(second);
    }
    const [ours, peer] = [median(workerMs), median(nodeMs)];
    const name = `workerd: first byte of ${path}, median of ${rounds}, beside Node`;
    rows.push({ name, ours, peer, unit: "ms", goal: "≤ Node + 25 ms", pass: ours <= peer + 25 });
  }
  return rows;
}

/** A password is hashed in the isolate's one thread; the platform limits a request's CPU. */
async function benchSignIn(site: EdgeSite, times: number): Promise<BenchRow[]> {
  const processes = descendants(site.worker.pid);
  await signedIn(site.worker.origin, site);
  const spent = watchCpu(processes);
  for (let n = 0; n < times; n++) await signedIn(site.worker.origin, site);
  const ours = spent() / times;
  const name = `workerd: CPU of a sign-in, mean of ${times}`;
  return [{ name, ours, unit: "s", goal: "≤ 3 s", pass: ours <= 3 }];
}

/** What open pages cost: each one's event stream asks the database again and again. */
async function benchOpenPages(site: EdgeSite, pages: number, seconds: number): Promise<BenchRow[]> {
  const client = await signedIn(site.worker.origin, site);
  const processes = descendants(site.worker.pid);
  const during = async (): Promise<number> => {
    // Until what was before has settled: a stream asks less often at rest.
    await pause(20_000);
    const spent = watchCpu(processes);
    await pause(seconds * 1000);
    return spent();
  };
  const idle = await during();
  const ended = new AbortController();
  const options = { headers: { cookie: client.cookie ?? "" }, signal: ended.signal };
  const url = `${site.worker.origin}/api/events`;
  const streams = await Promise.all(Array.from({ length: pages }, () => fetch(url, options)));
  const used = (await during()) - idle;
  ended.abort();
  await Promise.allSettled(streams.map((it) => it.body?.cancel()));
  // A stream lives for ten minutes, and has 30 s of CPU for it.
  const ours = (used / pages / seconds) * 600;
  const name = `workerd: CPU of a page's events, ten minutes at rest, mean of ${pages}`;
  return [{ name, ours, unit: "s", goal: "≤ 7.5 s", pass: ours <= 7.5 }];
}

/** Stands for nodes whose desktops echo, and that send `updateBytes` to everybody `perSecond` times. */
function simulateNodes(updateBytes: number, perSecond: number) {
  const update = randomBytes(updateBytes);
  const server = new WebSocketServer({
    host: "127.0.0.1",
    port: 0,
    perMessageDeflate: false,
    maxPayload: 64 * mebibyte,
    handleProtocols: () => "binary",
  });
  server.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
  const timer = setInterval(() => {
    for (const socket of server.clients) socket.send(update);
  }, 1000 / perSecond);
  return {
    server,
    close: () => {
      clearInterval(timer);
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}

async function openStream(client: Client, instanceId: string): Promise<WebSocket> {
  const wish = { permission: "view" };
  const made = await client.call("POST", `/api/instances/${instanceId}/tickets`, wish);
  const protocols = made.body["protocols"] as unknown as string[];
  const url = `${client.origin.replace("http", "ws")}/vnc/${instanceId}`;
  const socket = new WebSocket(url, protocols, { maxPayload: 64 * mebibyte });
  await once(socket, "open");
  return socket;
}

const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

async function benchLargeMessage(client: Client, instanceId: string): Promise<BenchRow> {
  const socket = await openStream(client, instanceId);
  const message = randomBytes(40 * mebibyte);
  const began = performance.now();
  const back = new Promise<Buffer>((resolve) => {
    socket.on("message", (data: Buffer) => {
      if (data.length === message.length) resolve(data);
    });
  });
  socket.send(message);
  const same = digest(await back) === digest(message);
  const ours = (performance.now() - began) / 1000;
  socket.terminate();
  const name = "workerd: one message of 40 MiB, there and back";
  return { name, ours, unit: "s", goal: "passes whole", pass: same };
}

async function benchManySockets(
  client: Client,
  instanceId: string,
  { sockets: count, minutes }: { sockets: number; minutes: number },
): Promise<BenchRow[]> {
  let dropped = 0;
  let updates = 0;
  let echoes = 0;
  let ending = false;
  const sockets: WebSocket[] = [];
  for (let n = 0; n < count; n++) {
    const socket = await openStream(client, instanceId);
    socket.on("close", () => (dropped += ending ? 0 : 1));
    socket.on("message", (data: RawData) => {
      if ((data as Buffer).length === 16) echoes += 1;
      else updates += 1;
    });
    sockets.push(socket);
  }
  const began = performance.now();
  let sent = 0;
  while (performance.now() - began < minutes * 60_000) {
    for (const socket of sockets) socket.send(Buffer.alloc(16));
    sent += sockets.length;
    await pause(1000);
  }
  await until("the last echoes", async () => echoes >= sent, 10_000).catch(() => undefined);
  ending = true;
  for (const socket of sockets) socket.terminate();
  const what = `workerd: ${count} sockets with traffic for ${minutes} min`;
  const lost = sent - echoes;
  return [
    { name: `${what}, dropped`, ours: dropped, unit: "sockets", goal: "0", pass: dropped === 0 },
    { name: `${what}, echoes lost`, ours: lost, unit: "messages", goal: "0", pass: lost === 0 },
    { name: `${what}, updates`, ours: updates, unit: "messages", goal: "none", pass: true },
  ];
}

/** A Worker whose nodes are simulated: what it carries is what is measured. */
async function benchStreams(site: EdgeSite, minutes: number): Promise<BenchRow[]> {
  const nodes = simulateNodes(4096, 4);
  await once(nodes.server, "listening");
  const nodeUrl = `http://127.0.0.1:${(nodes.server.address() as AddressInfo).port}`;
  const worker = await startWorker({ ...site.options, nodeUrl });
  try {
    const client = await signedIn(worker.origin, site);
    const { body } = await client.call("GET", "/api/environments");
    const [environment] = body.items as { slug: string }[];
    const wish = { environment: environment?.slug };
    const started = await client.call("POST", "/api/instances", wish);
    const id = String(started.body["id"]);
    const isRunning = async () =>
      (await client.call("GET", `/api/instances/${id}`)).body["state"] === "running";
    await until("the desktop runs", isRunning);
    const large = await benchLargeMessage(client, id);
    return [large, ...(await benchManySockets(client, id, { sockets: 100, minutes }))];
  } finally {
    await worker.stop();
    nodes.close();
  }
}

async function benchReturn(site: EdgeSite, rounds: number): Promise<BenchRow[]> {
  const browser = await launchBrowser();
  try {
    const { page } = await visit(browser, site.worker.origin);
    await signIn(page, site.installation);
    await page.getByRole("button", { name: "Start", exact: true }).first().click();
    await page.locator(shown).waitFor();
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await site.killWorker();
      await until("the picture is not live", async () => (await page.locator(shown).count()) === 0);
      const listening = untilListens(site.worker.origin);
      await site.reviveWorker();
      await page.locator(shown).waitFor({ timeout: 30_000 });
      times.push((performance.now() - (await listening)) / 1000);
    }
    const ours = median(times);
    const name = `workerd killed: listens again → desktop visible, median of ${rounds}`;
    return [{ name, ours, unit: "s", goal: "≤ 2 s", pass: ours <= 2 }];
  } finally {
    await browser.close();
  }
}

export async function benchEdge({ rounds = 100, minutes = 5 } = {}): Promise<BenchRow[]> {
  const site = await openEdgeSite();
  try {
    return [
      ...(await benchFirstByte(site, rounds)),
      ...(await benchSignIn(site, 10)),
      ...(await benchOpenPages(site, 50, 30)),
      ...(await benchReturn(site, 5)),
      ...(await benchStreams(site, minutes)),
    ];
  } finally {
    await site.remove();
  }
}
