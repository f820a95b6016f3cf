/** From the start's full body being sent to the controller's call to create, seen at the engine's socket. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startInstallation, type TestInstallation } from "../test/installation.ts";
import { containersOf } from "../test/containers.ts";
import { until } from "../test/browser.ts";
import { median } from "./figures.ts";
import type { BenchRow } from "./relay.ts";

/** Of a desktop; what else the controller makes stands ready before and after. */
const createCall = /^POST (\/v[\d.]+)?\/containers\/create\?name=asci-/;
/** The system is idle again: what a start took is made anew by then. */
const idleMs = 2000;

/** Passes everything to the engine, and tells when a call to create comes by. */
async function watchEngine(path: string, onCreate: (at: number) => void) {
  const server = createServer((client) => {
    const engine = connect("/var/run/docker.sock");
    client.on("data", (chunk: Buffer) => {
      if (createCall.test(chunk.subarray(0, 60).toString("latin1"))) onCreate(performance.now());
    });
    client.pipe(engine).pipe(client);
    client.on("error", () => engine.destroy());
    engine.on("error", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(path, () => resolve()));
  return server;
}

async function signedIn({ url, password }: TestInstallation): Promise<Record<string, string>> {
  const headers = { origin: url, "content-type": "application/json" };
  const answer = await fetch(`${url}/api/auth/login`, {
    method: "POST",
    headers,
    body: JSON.stringify({ username: "admin", password }),
  });
  return { ...headers, cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "" };
}

export async function benchAccept({ rounds = 20 } = {}): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "asci-bench-"));
  let created: (at: number) => void = () => {};
  const server = await watchEngine(join(folder, "engine.sock"), (at) => created(at));
  const installation = await startInstallation({ DOCKER_HOST: `unix://${folder}/engine.sock` });
  try {
    const headers = await signedIn(installation);
    const times: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const seen = new Promise<number>((resolve) => (created = resolve));
      const sent = performance.now();
      const answer = await fetch(`${installation.url}/api/instances`, {
        method: "POST",
        headers,
        body: JSON.stringify({ environment: "mate" }),
      });
      const { id } = (await answer.json()) as { id: string };
      times.push((await seen) - sent);
      await until("it runs", async () => {
        const found = await fetch(`${installation.url}/api/instances/${id}`, { headers });
        return ((await found.json()) as { state: string }).state === "running";
      });
      await fetch(`${installation.url}/api/instances/${id}/stop`, { method: "POST", headers });
      await until("it is gone", async () => (await containersOf(id)).length === 0);
      await new Promise((resolve) => setTimeout(resolve, idleMs));
    }
    // The first one warms up.
    const ms = median(times.slice(1));
    return [
      {
        name: `accept → create, median of ${rounds}`,
        ours: ms,
        unit: "ms",
        goal: "≤ 30 ms",
        pass: ms <= 30,
      },
    ];
  } finally {
    await installation.remove();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}
