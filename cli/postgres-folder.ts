import { once } from "node:events";
import {
  chmod,
  chown,
  lchown,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Failure, systemCode } from "./failure.ts";
import { explainFailure } from "./postgres-leftovers.ts";
import { runPostgresProgram } from "./postgres-run.ts";
import type { PostgresHost } from "./postgres-run.ts";
import type { SystemUser } from "./system-user.ts";

export interface NewCluster {
  owner: string;
  password: string;
  /** False: not flushed to the disk. */
  durable: boolean;
}

/**
 * Makes the data folder where it is missing or empty, and checks what is there.
 * @returns its real path, as /proc shows it for the processes that work in it
 * @throws Failure `postgres_version`, `postgres_failed`, `disk_full`
 */
export async function prepareDataDir(
  path: string,
  cluster: NewCluster,
  host: PostgresHost,
): Promise<string> {
  const target = resolve(path);
  const content = await readdir(target).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (content === undefined) await makeAside(target, cluster, host);
  else if (content.length === 0) await initialise(target, cluster, host);
  const dataDir = await realpath(target);
  await checkVersion(dataDir, host.binaries.major);
  const { uid, mode } = await stat(dataDir);
  // Copied from another machine, or restored by root from a backup.
  if (host.user !== undefined && uid !== host.user.uid) await giveTo(dataDir, host.user);
  if ((mode & 0o077) !== 0) await chmod(dataDir, 0o700);
  return dataDir;
}

/** Elsewhere first, then renamed: an interrupted start leaves no half-made database. */
async function makeAside(target: string, cluster: NewCluster, host: PostgresHost): Promise<void> {
  const fresh = `${target}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true, mode: 0o700 });
  await initialise(fresh, cluster, host);
  await rename(fresh, target);
}

async function initialise(
  directory: string,
  { owner, password, durable }: NewCluster,
  host: PostgresHost,
): Promise<void> {
  const argv = [
    host.binaries.initdb,
    "--encoding=UTF8",
    "--locale=C",
    // Sorting must not change under the indexes when the system's C library does.
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth=scram-sha-256",
    `--username=${owner}`,
    "--pwfile=/dev/stdin",
  ];
  if (!durable) argv.push("--no-sync");
  if (host.user !== undefined) await chown(directory, host.user.uid, host.user.gid);
  const lastLines: string[] = [];
  const file = await passwordFile(`${directory}.password`, password, host.user);
  try {
    const child = await runPostgresProgram(host, directory, argv, lastLines, file.fd);
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw await explainFailure(dirname(directory), host.log.path, lastLines);
  } finally {
    await file.close();
  }
}

/** A file without a name by the time that anyone could look for it; initdb opens it as /dev/stdin, a pipe it cannot. */
async function passwordFile(
  path: string,
  password: string,
  user: SystemUser | undefined,
): Promise<FileHandle> {
  await rm(path, { force: true });
  const file = await open(path, "wx+", 0o600);
  await rm(path);
  if (user !== undefined) await file.chown(user.uid, user.gid);
  await file.write(`${password}\n`);
  return file;
}

async function checkVersion(dataDir: string, major: number): Promise<void> {
  const text = await readFile(join(dataDir, "PG_VERSION"), "utf8").catch(() => "");
  const found = Number.parseInt(text, 10);
  if (found === major) return;
  if (Number.isNaN(found)) {
    throw new Failure(
      "postgres_version",
      `${dataDir} holds something that is not a database: remove it, or set ASCI_DATA to another folder.`,
    );
  }
  throw new Failure(
    "postgres_version",
    found > major
      ? `The database in ${dataDir} was made by Postgres ${found}, this ASCI has ${major}: use the newer ASCI again, or another ASCI_DATA.`
      : `The database in ${dataDir} was made by Postgres ${found}, this ASCI has ${major}: dump it with the older ASCI's Postgres and load it into a new ASCI_DATA.`,
  );
}

async function giveTo(path: string, user: SystemUser): Promise<void> {
  await lchown(path, user.uid, user.gid);
  const entries = await readdir(path, { recursive: true });
  for (const entry of entries) await lchown(join(path, entry), user.uid, user.gid);
}
