import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../cli/ports.ts";
import {
  type Side,
  cpuSeconds,
  descendants,
  residentBytes,
  startSide,
  stopChild,
} from "./harness/processes.ts";
import { type Viewer, openViewer } from "./harness/viewer.ts";

/** One figure, beside its peer or floor and the goal it is held against. */
export interface BenchRow {
  readonly name: string;
  readonly ours: number;
  /** Measured in the same run; absent where there is none. */
  readonly peer?: number;
  readonly unit: string;
  /** In words, with the limit. */
  readonly goal: string;
  readonly pass: boolean;
}

/** Gateway, relay and VNC stand-in as processes of their own, joined as in an installation. */
interface Rig {
  readonly gateway: Side;
  readonly relay: Side;
  readonly vnc: Side;
  readonly port: number;
  readonly barePath: string;
}

const password = "benchpwd";
const gibibyte = 1024 ** 3;

/**
 * The way of a 64-byte echo through gateway and relay, against the same echo behind the bare unix
 * socket, in alternating blocks from one measuring process. Rows in milliseconds.
 */
export function benchRoundTrip({ rounds = 10_000, blocks = 10 } = {}): Promise<BenchRow[]> {
  return withRig(async (rig) => {
    const bare = await bareEcho(rig.barePath);
    const through = await relayedEcho(rig.port);
    await timeEchoes(bare, 500);
    await timeEchoes(through, 500);
    const bareMs: number[] = [];
    const throughMs: number[] = [];
    for (let block = 0; block < blocks; block += 1) {
      bareMs.push(...(await timeEchoes(bare, rounds / blocks)));
      throughMs.push(...(await timeEchoes(through, rounds / blocks)));
    }
    bare.socket.destroy();
    through.socket.destroy();
    return [
      roundTripRow("round trip, median", 0.5, 0.3, throughMs, bareMs),
      roundTripRow("round trip, p99", 0.99, 2, throughMs, bareMs),
    ];
  });
}

function roundTripRow(
  name: string,
  share: number,
  goalMs: number,
  throughMs: number[],
  bareMs: number[],
): BenchRow {
  const ours = quantile(throughMs, share);
  const peer = quantile(bareMs, share);
  const goal = `added over the bare socket ≤ ${goalMs} ms`;
  return { name, ours, peer, unit: "ms", goal, pass: ours - peer <= goalMs };
}

/**
 * User and system time that gateway and relay together, and one hop of websockify, need for a GiB
 * to the viewer: medians of alternating rounds after one uncounted round. websockify reads once
 * from the same unix socket, and once from a TCP port as it is mostly run; a unix socket costs it
 * less than half.
 */
export function benchBulk({ rounds = 5, bytes = gibibyte } = {}): Promise<BenchRow[]> {
  return withRig(async (rig) => {
    const { barePort } = (await rig.vnc.ask("port")) as { barePort: number };
    const overUnix = await startWebsockify([`--unix-target=${rig.barePath}`]);
    const overTcp = await startWebsockify([], `127.0.0.1:${barePort}`);
    const spent = { ours: [] as number[], unix: [] as number[], tcp: [] as number[] };
    try {
      for (let round = -1; round < rounds; round += 1) {
        const ours = await bulkCpu(rig.port, true, bytes, () => hopsCpu(rig));
        const unix = await bulkCpu(overUnix.port, false, bytes, () => treeCpu(overUnix.child));
        const tcp = await bulkCpu(overTcp.port, false, bytes, () => treeCpu(overTcp.child));
        if (round < 0) continue;
        spent.ours.push(ours * (gibibyte / bytes));
        spent.unix.push(unix * (gibibyte / bytes));
        spent.tcp.push(tcp * (gibibyte / bytes));
      }
    } finally {
      await Promise.all([stopChild(overUnix.child), stopChild(overTcp.child)]);
    }
    return [
      bulkRow("bulk, against websockify on the same unix socket", spent.ours, spent.unix),
      bulkRow("bulk, against websockify on a TCP port", spent.ours, spent.tcp),
    ];
  });
}

function bulkRow(name: string, oursSpent: number[], peerSpent: number[]): BenchRow {
  const ours = quantile(oursSpent, 0.5);
  const peer = quantile(peerSpent, 0.5);
  return { name, ours, peer, unit: "CPU s/GiB", goal: "≤ 1.0 × websockify", pass: ours <= peer };
}

/** 500 viewers with four updates of 10 KB a second each: cores that gateway and relay take. */
export function benchSmallUpdates({
  streams = 500,
  updateBytes = 10_000,
  periodMs = 250,
  durationMs = 10_000,
} = {}): Promise<BenchRow[]> {
  return withRig(async (rig) => {
    let receivedBytes = 0;
    const viewers: Viewer[] = [];
    for (let i = 0; i < streams; i += 1) {
      viewers.push(await openViewer(rig.port, true, (bytes) => (receivedBytes += bytes)));
    }
    for (const viewer of viewers) viewer.send(Buffer.from(`U${updateBytes}/${periodMs} `));
    await delay(periodMs * 4);
    const gatewayBefore = rig.gateway.cpuSeconds();
    const relayBefore = rig.relay.cpuSeconds();
    const startedAt = performance.now();
    await delay(durationMs);
    const seconds = (performance.now() - startedAt) / 1000;
    const gateway = (rig.gateway.cpuSeconds() - gatewayBefore) / seconds;
    const relay = (rig.relay.cpuSeconds() - relayBefore) / seconds;
    const missing = await missingUpdates(rig, viewers, updateBytes, () => receivedBytes);
    const load = `${streams} streams × ${1000 / periodMs}/s × ${updateBytes / 1000} KB`;
    return [
      coreRow(`${load}, gateway`, gateway, "≤ 0.15 core", gateway <= 0.15),
      coreRow(`${load}, relay`, relay, "none", true),
      { name: `${load}, lost`, ours: missing, unit: "updates", goal: "0", pass: missing === 0 },
    ];
  });
}

function coreRow(name: string, ours: number, goal: string, pass: boolean): BenchRow {
  return { name, ours, unit: "cores", goal, pass };
}

/** Stops the updates, and counts those that were sent and did not come. */
async function missingUpdates(
  rig: Rig,
  viewers: readonly Viewer[],
  updateBytes: number,
  receivedBytes: () => number,
): Promise<number> {
  const { updatesSent } = (await rig.vnc.ask("pause")) as { updatesSent: number };
  const frameBytes = updateBytes + 4;
  const deadline = performance.now() + 5000;
  while (receivedBytes() < updatesSent * frameBytes && performance.now() < deadline) {
    await delay(20);
  }
  for (const viewer of viewers) viewer.socket.destroy();
  return updatesSent - receivedBytes() / frameBytes;
}

/** How gateway and relay grow while a viewer reads nothing of a steady stream. */
export function benchStalledViewer({ settleMs = 5000, durationMs = 55_000 } = {}): Promise<
  BenchRow[]
> {
  return withRig(async (rig) => {
    const viewer = await openViewer(rig.port, true, () => {});
    viewer.send(Buffer.from("U40000/20 "));
    viewer.socket.pause();
    await delay(settleMs);
    const before = [rig.gateway, rig.relay].map(({ child }) => residentBytes(child.pid ?? 0));
    await delay(durationMs);
    const after = [rig.gateway, rig.relay].map(({ child }) => residentBytes(child.pid ?? 0));
    viewer.socket.destroy();
    return ["gateway", "relay"].map((part, i) => {
      const grownMib = ((after[i] ?? 0) - (before[i] ?? 0)) / 1024 ** 2;
      return {
        name: `a viewer that stops reading, growth of the ${part}`,
        ours: grownMib,
        unit: "MiB",
        goal: "≤ 8 MiB",
        pass: grownMib <= 8,
      };
    });
  });
}

async function withRig<T>(use: (rig: Rig) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "asci-bench-"));
  const sides: Side[] = [];
  const start = async (...args: [string, ...string[]]): Promise<Side> => {
    const side = await startSide(...args);
    sides.push(side);
    return side;
  };
  try {
    const relayPath = join(folder, "relay.sock");
    const vnc = await start("vnc-side.ts", folder, password);
    const relay = await start("relay-side.ts", relayPath, folder, "vnc.sock", password);
    const gateway = await start("gateway-side.ts", `unix:${relayPath}`);
    const { port } = (await gateway.ask("port")) as { port: number };
    return await use({ gateway, relay, vnc, port, barePath: join(folder, "bare.sock") });
  } finally {
    await Promise.all(sides.map((side) => side.stop()));
    await rm(folder, { recursive: true });
  }
}

interface Echo {
  readonly socket: Socket;
  send(): void;
  /** Bytes that one echo brings back. */
  readonly echoBytes: number;
  onBytes: (bytes: number) => void;
}

const echoPayload = Buffer.alloc(64, 0x41);

async function bareEcho(path: string): Promise<Echo> {
  const buffer = Buffer.allocUnsafeSlow(64 * 1024);
  const callback = (bytes: number): boolean => {
    echo.onBytes(bytes);
    return true;
  };
  const socket = connect({ path, onread: { buffer, callback } });
  const send = (): void => void socket.write(echoPayload);
  const echo: Echo = { socket, send, echoBytes: 64, onBytes: () => {} };
  await once(socket, "connect");
  socket.write("E");
  return echo;
}

async function relayedEcho(port: number): Promise<Echo> {
  const viewer = await openViewer(port, true, (bytes) => echo.onBytes(bytes));
  const send = (): void => viewer.send(echoPayload);
  const echo: Echo = { socket: viewer.socket, send, echoBytes: 66, onBytes: () => {} };
  viewer.send(Buffer.from("E"));
  return echo;
}

/** Sends so many echoes one after the other; each one's time in milliseconds. */
function timeEchoes(echo: Echo, count: number): Promise<number[]> {
  const timesMs: number[] = [];
  return new Promise((resolve) => {
    let startedAt = performance.now();
    let got = 0;
    echo.onBytes = (bytes) => {
      got += bytes;
      if (got < echo.echoBytes) return;
      got = 0;
      timesMs.push(performance.now() - startedAt);
      if (timesMs.length >= count) return resolve(timesMs);
      startedAt = performance.now();
      echo.send();
    };
    echo.send();
  });
}

async function bulkCpu(
  port: number,
  rfb: boolean,
  bytes: number,
  cpu: () => number,
): Promise<number> {
  const before = cpu();
  let received = 0;
  let done = (): void => {};
  const all = new Promise<void>((resolve) => (done = resolve));
  const viewer = await openViewer(port, rfb, (count) => {
    received += count;
    if (received >= bytes) done();
  });
  viewer.send(Buffer.from(`B${bytes} `));
  await all;
  const spent = cpu() - before;
  viewer.socket.destroy();
  return spent;
}

function hopsCpu(rig: Rig): number {
  return rig.gateway.cpuSeconds() + rig.relay.cpuSeconds();
}

function treeCpu(child: ChildProcess): number {
  const pid = child.pid ?? 0;
  return [pid, ...descendants(pid)].reduce((sum, one) => sum + cpuSeconds(one), 0);
}

async function startWebsockify(
  options: string[],
  ...target: string[]
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const port = await freePort();
  const args = [...options, `127.0.0.1:${port}`, ...target];
  const child = spawn("websockify", args, { stdio: "ignore" });
  const failed = once(child, "error").then(([error]) => Promise.reject(error as Error));
  await Promise.race([untilListening(port), failed]);
  return { child, port };
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const socket = connect(port, "127.0.0.1");
    const listening = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (listening) return;
    await delay(50);
  }
  throw new Error("websockify does not listen");
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
