/** Bundles the Worker once for a run of tests. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { bundleWorker } from "./bundle.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A folder with the bundle in `bundle/`, and room for logs in `logs/`. */
    prebuilt: string;
  }
}

const entry = join(import.meta.dirname, "prebuilt", "worker.ts");

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "asci-prebuilt-"));
  await bundleWorker(folder, entry);
  project.provide("prebuilt", folder);
  return () => rm(folder, { recursive: true, force: true });
}
