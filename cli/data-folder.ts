import { randomBytes, randomInt } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { Failure, systemCode } from "./failure.ts";
import { generatePassword } from "./postgres.ts";

/** The places within ASCI_DATA. */
export interface DataFolder {
  root: string;
  lock: string;
  postgres: string;
  logs: string;
  homes: string;
  /** Experiments' data, by beamline. */
  experiments: string;
  engine: string;
  /** Of Node: compiled code of the parts, which makes a start about a second shorter. May be removed at any time. */
  codeCache: string;
}

/**
 * Makes the data folder where it is missing.
 * @throws Failure `settings`, `disk_full`
 */
export async function openDataFolder(root: string): Promise<DataFolder> {
  const folder = {
    root,
    lock: join(root, "asci.lock"),
    postgres: join(root, "postgres"),
    logs: join(root, "logs"),
    homes: join(root, "homes"),
    experiments: join(root, "experiments"),
    engine: join(root, "engine"),
    codeCache: join(root, "cache", "code"),
  };
  try {
    await mkdir(root, { recursive: true, mode: 0o755 });
    for (const path of [folder.logs, folder.engine])
      await mkdir(path, { recursive: true, mode: 0o750 });
    for (const path of [folder.codeCache, keysDir(root)]) {
      await mkdir(path, { recursive: true, mode: 0o700 });
    }
    await chmod(keysDir(root), 0o700);
    for (const path of [folder.homes, folder.experiments])
      await mkdir(path, { recursive: true, mode: 0o755 });
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (code === "ENOSPC") throw diskFull(root, error);
    throw new Failure(
      "settings",
      `ASCI_DATA: ${root} cannot be used as a folder (${code}): give another one.`,
      {
        cause: error,
      },
    );
  }
  return folder;
}

export interface Secrets {
  /** Of the embedded Postgres's owner. */
  databaseOwner: string;
  logins: { gateway: string; placer: string; node: string; relay: string };
  /** Base64 of 32 bytes; seals the private signing keys in the database. */
  sealingKey: string;
}

/** Each is made once and then stays, readable by its owner only. Call it under the folder's lock. */
export async function ensureSecrets(root: string): Promise<Secrets> {
  const secret = (name: string, make: () => string = generatePassword): Promise<string> =>
    ensureFile(join(keysDir(root), name), make);
  return {
    databaseOwner: await secret("database"),
    logins: {
      gateway: await secret("database-gateway"),
      placer: await secret("database-placer"),
      node: await secret("database-node"),
      relay: await secret("database-relay"),
    },
    sealingKey: await secret("sealing", () => randomBytes(32).toString("base64")),
  };
}

/**
 * One of the secrets, where there is one; nothing is made.
 * @throws Failure `settings` where only others may read it
 */
export async function readSecret(
  root: string,
  name: "database" | "sealing",
): Promise<string | undefined> {
  try {
    return (await readFile(join(keysDir(root), name), "utf8")).trim() || undefined;
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new Failure(
      "settings",
      `The keys in ${keysDir(root)} cannot be read (${code}): run this command as root.`,
      { cause: error },
    );
  }
}

/** This machine's name in the catalogue of nodes. It stays when the host's name changes: the node is the same one. */
export async function ensureNodeName(root: string): Promise<string> {
  return ensureFile(nodeNameFile(root), () => hostname().toLowerCase());
}

export function nodeNameFile(root: string): string {
  return join(root, "node-name");
}

/**
 * A password for the first sign-in: kept until it was shown, so that an interrupted first start shows it the next time.
 */
export const generatedPassword = {
  async ensure(root: string): Promise<string> {
    return ensureFile(join(keysDir(root), "admin-password"), readablePassword);
  },
  async read(root: string): Promise<string | undefined> {
    return readFile(join(keysDir(root), "admin-password"), "utf8").then(
      (text) => text.trim(),
      () => undefined,
    );
  },
  async forget(root: string): Promise<void> {
    await rm(join(keysDir(root), "admin-password"), { force: true });
  },
};

/** Five groups of two syllables such as `kivo`: 62 bits that can be read out and typed. */
export function readablePassword(): string {
  const pick = (letters: string): string => letters.charAt(randomInt(letters.length));
  const syllable = (): string => pick("bdfghjkmnprstvz") + pick("aeiou");
  return Array.from({ length: 5 }, () => syllable() + syllable()).join("-");
}

async function ensureFile(path: string, make: () => string): Promise<string> {
  const found = await readFile(path, "utf8").catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return "";
    throw error;
  });
  if (found.trim() !== "") return found.trim();
  const value = make();
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.writeFile(`${value}\n`);
    // A key that is lost to a power cut, with a database that was made with it, would be lost for good.
    await file.sync();
  } catch (error) {
    throw systemCode(error) === "ENOSPC" ? diskFull(path, error) : error;
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  return value;
}

function keysDir(root: string): string {
  return join(root, "keys");
}

function diskFull(path: string, cause: unknown): Failure {
  return new Failure(
    "disk_full",
    `The disk that holds ${path} is full: free some space and start ASCI again.`,
    {
      cause,
    },
  );
}
