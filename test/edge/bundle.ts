/** The Worker's bundle, as `wrangler deploy` makes it, but sent nowhere. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { wrangler } from "./worker.ts";

const root = join(import.meta.dirname, "..", "..");

/**
 * @param folder that the bundle is written to
 * @returns what was printed
 */
export async function bundleWorker(folder: string, ...args: string[]): Promise<string> {
  const all = [wrangler, "deploy", "--dry-run", "--outdir", join(folder, "bundle"), ...args];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, all, {
    cwd: root,
    env: {
      ...process.env,
      NO_COLOR: "1",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_LOG_PATH: join(folder, "logs"),
    },
  });
  // Warnings go to the other one.
  return stdout + stderr;
}
