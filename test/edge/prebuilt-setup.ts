/** Bundles the Worker once for a run of tests, as `wrangler deploy` does. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { wrangler } from "./worker.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder of the bundle. */
    workerBundle: string;
  }
}

const entry = join(import.meta.dirname, "prebuilt", "worker.ts");
const root = join(import.meta.dirname, "..", "..");

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "asci-worker-bundle-"));
  await promisify(execFile)(
    process.execPath,
    [wrangler, "deploy", entry, "--dry-run", "--outdir", join(folder, "bundle")],
    {
      cwd: root,
      env: {
        ...process.env,
        NO_COLOR: "1",
        WRANGLER_SEND_METRICS: "false",
        WRANGLER_LOG_PATH: join(folder, "logs"),
      },
    },
  );
  project.provide("workerBundle", join(folder, "bundle"));
  return () => rm(folder, { recursive: true, force: true });
}
