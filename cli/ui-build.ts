import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "./failure.ts";
import { takeLock } from "./lock.ts";
import { giveToProjectOwner, projectOwner } from "./project-owner.ts";

const root = join(import.meta.dirname, "..");
const distDir = join(root, "dist");
const stampPath = join(distDir, "ui.stamp");
const buildLimitMs = 10 * 60_000;

export const viteConfig = join(root, "ui", "vite.config.ts");

/** The built pages: what the gateway serves. */
export const uiDir = join(distDir, "ui");

/** What the build reads, by folder or file; a change in any of them makes the built pages stale. */
const sources = ["ui", "db/states.ts", "wire", "package-lock.json"];

/**
 * Builds the pages where they are missing or older than what they are made of.
 * @throws Failure `build_failed`
 */
export async function ensureUi(onProgress: (line: string) => void): Promise<void> {
  const fingerprint = await fingerprintOf(sources);
  if (await isBuilt(fingerprint)) return;
  await build(fingerprint, onProgress, false);
}

/** Builds the pages in any case. */
export async function buildUi(onProgress: (line: string) => void): Promise<void> {
  await build(await fingerprintOf(sources), onProgress, true);
}

async function build(
  fingerprint: string,
  onProgress: (line: string) => void,
  always: boolean,
): Promise<void> {
  await mkdir(distDir, { recursive: true });
  const lock = await takeLock(join(distDir, ".lock"), buildLimitMs);
  if (lock === undefined)
    throw new Failure("build_failed", "Another build of the pages hangs: end it.");
  try {
    // Somebody else may have built it while we waited.
    if (!always && (await isBuilt(fingerprint))) return;
    onProgress("Building the pages");
    for (const name of await readdir(distDir)) {
      if (name.startsWith("ui.new"))
        await rm(join(distDir, name), { recursive: true, force: true });
    }
    // A name of its own: a build that outlived its command may still be writing.
    const fresh = join(distDir, `ui.new-${process.pid}`);
    await giveToProjectOwner(distDir);
    await runVite(fresh);
    await rm(stampPath, { force: true });
    await replaceFolder(fresh, uiDir);
    await writeFile(stampPath, `${fingerprint}\n`);
    await giveToProjectOwner(distDir);
  } finally {
    await lock.release();
  }
}

async function isBuilt(fingerprint: string): Promise<boolean> {
  const stamp = await readFile(stampPath, "utf8").catch(() => "");
  return stamp.trim() === fingerprint && (await exists(join(uiDir, "index.html")));
}

async function runVite(outDir: string): Promise<void> {
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  const options = ["--outDir", outDir, "--emptyOutDir", "--logLevel", "warn"];
  const child = spawn(process.execPath, [vite, "build", "--config", viteConfig, ...options], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production", NO_COLOR: "1" },
    ...(await projectOwner()),
  });
  const end = (): void => void child.kill("SIGKILL");
  process.on("exit", end);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const [code] = (await once(child, "close")) as [number | null];
  process.off("exit", end);
  if (code !== 0)
    throw new Failure("build_failed", `The pages could not be built:\n${output.trimEnd()}`);
}

/** A gateway may be serving the old one: it is away for no longer than a rename takes. */
async function replaceFolder(fresh: string, target: string): Promise<void> {
  const old = `${target}.old`;
  await rm(old, { recursive: true, force: true });
  if (await exists(target)) await rename(target, old);
  await rename(fresh, target);
  await rm(old, { recursive: true, force: true });
}

/** One hash over the names and contents of all files; tests are not part of what is built. */
export async function fingerprintOf(paths: readonly string[], base = root): Promise<string> {
  const files = (await Promise.all(paths.map((path) => filesBelow(base, path)))).flat();
  const hash = createHash("sha256");
  for (const file of files.filter((path) => !/\.test\.tsx?$/.test(path)).sort()) {
    hash
      .update(`${file}\0`)
      .update(await readFile(join(base, file)))
      .update("\0");
  }
  return hash.digest("hex");
}

async function filesBelow(base: string, path: string): Promise<string[]> {
  const found = await stat(join(base, path)).catch(() => undefined);
  if (found === undefined) return [];
  if (found.isFile()) return [path];
  const entries = await readdir(join(base, path), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(base.length + 1));
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
