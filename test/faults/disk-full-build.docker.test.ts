import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../cli/ports.ts";
import { processesIn, waitForEnd } from "../../cli/process-identity.ts";
import { readState } from "../../cli/state-file.ts";
import { ensureDebian } from "../../images/bootstrap.ts";
import { findMirrors } from "../../images/mirror.ts";
import { docker as host } from "../node.ts";
import { createOwnEngine, type OwnEngine } from "../own-engine.ts";

const mib = 1024 ** 2;
/** Room for a bare Debian, and for a small part of what a desktop adds to it. */
const diskBytes = 450 * mib;
const suite = "trixie";

let engine: OwnEngine;
let dataDir: string;

beforeAll(async () => {
  const base = await ensureDebian(host, { suite, mirrors: await findMirrors() });
  engine = await createOwnEngine({ diskBytes });
  await engine.start();
  await engine.load(await host.getImage(base).get());
  dataDir = await mkdtemp(join(tmpdir(), "asci-disk-full-"));
});
afterAll(async () => {
  await engine?.remove();
  await rm(dataDir, { recursive: true, force: true });
});

/** `npm start` with that engine, to its end. */
async function start(): Promise<{ code: number | null; lines: string[] }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../cli/main.ts"), "start"], {
    env: {
      PATH: process.env["PATH"],
      ASCI_DATA: dataDir,
      ASCI_PORT: String(await freePort()),
      DOCKER_HOST: engine.url,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on("line", (line) => lines.push(line));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, lines };
}

describe("a first start on an engine whose disk is too small for the image", () => {
  // The second one finds what the first has left.
  it.each(["first", "second"])("says so, %s time, and leaves nothing half-done", async () => {
    const { code, lines } = await start();
    expect({ code, lines }).toMatchObject({ code: 1 });
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^The disk is full: the desktop image needs about \d+ GB .*Make room .* and start again\.$/,
      ),
    );
    expect(lines.join("\n")).not.toMatch(/^\s+at /m);
    const images = await engine.docker.listImages({ filters: { label: ["asci.image=base"] } });
    expect(images.flatMap((it) => it.RepoTags ?? [])).toEqual([]);
    expect(await engine.docker.listContainers({ all: true })).toEqual([]);
    const { parts } = (await readState(dataDir)) ?? {};
    expect(await waitForEnd(Object.values(parts ?? {}), 30_000)).toBe(true);
    expect(await processesIn(join(dataDir, "postgres"), "postgres")).toEqual([]);
  });
});
