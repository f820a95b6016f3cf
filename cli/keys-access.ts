import { join } from "node:path";
import { connect } from "../db/client.ts";
import type { Connection } from "../db/client.ts";
import { readSecret } from "./data-folder.ts";
import { databaseFailure } from "./database-setup.ts";
import { Failure, systemCode } from "./failure.ts";
import { runningPort } from "./postgres-leftovers.ts";
import { dataDirOf } from "./settings.ts";

type Environment = Readonly<NodeJS.ProcessEnv>;

/**
 * Connects to the database of an installation that runs, as its owner: DATABASE_URL, or the embedded Postgres of
 * ASCI_DATA.
 * @throws Failure `not_running`, `database_unreachable`, `schema`, `settings`
 */
export async function openDatabase(environment: Environment): Promise<Connection> {
  const url = environment["DATABASE_URL"] || (await embeddedUrl(dataDirOf(environment)));
  const connection = connect(url, { max: 1, applicationName: "asci-keys" });
  try {
    await connection.sql`select kid from signing_keys limit 0`;
    return connection;
  } catch (error) {
    await connection.close();
    if (systemCode(error) === "42P01") {
      throw new Failure("schema", "This database has no ASCI in it yet: start ASCI once.", {
        cause: error,
      });
    }
    throw databaseFailure(error, url) ?? error;
  }
}

async function embeddedUrl(dataDir: string): Promise<string> {
  const port = await runningPort(join(dataDir, "postgres")).catch(() => undefined);
  const password = await readSecret(dataDir, "database");
  if (port === undefined || password === undefined) {
    throw new Failure(
      "not_running",
      `No ASCI with a database of its own runs on ${dataDir}: start it first, set ASCI_DATA to the folder of the one that runs, or DATABASE_URL to the database that it uses.`,
    );
  }
  return `postgres://asci:${encodeURIComponent(password)}@127.0.0.1:${port}/asci`;
}

/** The secret that seals private keys, and where it came from. */
export interface SealingKey {
  /** 32 bytes. */
  secret: Uint8Array;
  from: string;
}

/**
 * Reads the gateways' sealing key: ASCI_SEALING_KEY, or the file that the first start on ASCI_DATA made.
 * @throws Failure `settings`
 */
export async function readSealingKey(environment: Environment): Promise<SealingKey> {
  const set = environment["ASCI_SEALING_KEY"];
  const path = join(dataDirOf(environment), "keys", "sealing");
  const text = set || (await readSecret(dataDirOf(environment), "sealing"));
  const from = set ? "ASCI_SEALING_KEY" : path;
  if (text === undefined) {
    throw new Failure(
      "settings",
      `The sealing key is missing: there is no ${path}. Set ASCI_SEALING_KEY to the one that the gateways have, or ASCI_DATA to the folder that holds it.`,
    );
  }
  const secret = Buffer.from(text, "base64");
  if (secret.length !== 32 || secret.toString("base64") !== text) {
    throw new Failure(
      "settings",
      `${from} is not a sealing key: it has to be 32 bytes in Base64, as the gateways have it.`,
    );
  }
  return { secret: new Uint8Array(secret), from };
}
