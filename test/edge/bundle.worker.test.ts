/** What is sent to the edge: small, and with nothing in it that only Node has. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { bundleWorker } from "./bundle.ts";

const folders: string[] = [];

interface Bundle {
  readonly printed: string;
  readonly code: Buffer;
  /** The files it was made of. */
  readonly inputs: string[];
  /** What it takes from the runtime. */
  readonly externals: string[];
}

interface Metafile {
  readonly inputs: Record<string, unknown>;
  readonly outputs: Record<string, { readonly imports: { path: string; kind: string }[] }>;
}

async function bundleFor(environment: string): Promise<Bundle> {
  const folder = await mkdtemp(join(tmpdir(), "asci-bundle-"));
  folders.push(folder);
  const printed = await bundleWorker(folder, "--metafile", `--env=${environment}`);
  const metafile = await readFile(join(folder, "bundle", "bundle-meta.json"), "utf8");
  const { inputs, outputs } = JSON.parse(metafile) as Metafile;
  const imports = Object.values(outputs).flatMap((it) => it.imports);
  return {
    printed,
    code: await readFile(join(folder, "bundle", "worker.js")),
    inputs: Object.keys(inputs),
    externals: imports.map((it) => it.path),
  };
}

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

describe("the Worker's bundle", () => {
  it("is at most 1 MiB compressed", async () => {
    const { code } = await bundleFor("");
    expect(gzipSync(code).length).toBeLessThanOrEqual(1024 * 1024);
  });

  it("holds no part that only Node can run", async () => {
    const { inputs, externals } = await bundleFor("");
    expect(inputs).toContain("gateway/worker.ts");
    const own = inputs.filter((it) => !it.includes("node_modules"));
    expect(own.filter((it) => !/^(db|gateway|scheduler|wire)\//.test(it))).toEqual([]);
    expect(own.filter((it) => /^gateway\/node[/.]/.test(it))).toEqual([]);
    const parts = /node_modules\/(pino|ws|dockerode|prom-client|@hono\/node-server)\//;
    expect(inputs.filter((it) => parts.test(it))).toEqual([]);
    // The driver's sockets, scrypt, and schema libraries that a package would load if they were used.
    const given =
      /^(cloudflare:sockets|node:(buffer|crypto|events|stream)|@valibot\/to-json-schema|effect|sury|zod-openapi|zod-to-json-schema)$/;
    expect(externals.filter((it) => !given.test(it))).toEqual([]);
  });

  it.each(["staging", "production"])(
    "has a place to go to and its bindings in %s",
    async (name) => {
      const { printed } = await bundleFor(name);
      for (const binding of ["HYPERDRIVE", "ASSETS", "ASCI_NODE_URL", "ASCI_PUBLIC_URL"])
        expect(printed).toContain(`env.${binding}`);
      expect(printed).not.toMatch(/WARNING|ERROR/);
    },
  );
});
