import { ensureAdmin, needsAdmin } from "../db/seed.ts";
import { migrate, MigrationError } from "../db/migrate.ts";
import { NodeNameTakenError, provision } from "../db/provision.ts";
import type { Provisioned } from "../db/provision.ts";
import { hashPassword } from "../gateway/node/password.ts";
import { ensureNodeName, generatedPassword, nodeNameFile } from "./data-folder.ts";
import type { Secrets } from "./data-folder.ts";
import { Failure } from "./failure.ts";
import { runDirOf } from "./run-dir.ts";
import type { Settings } from "./settings.ts";

/**
 * Brings a database that answers to this release's schema, gives every part its login, and makes the first account.
 * @param ownerUrl a connection as the database's owner, who may make roles
 * @throws Failure `database_unreachable`, `schema`, `settings` where another machine has this one's name
 */
export async function setUpDatabase(
  ownerUrl: string,
  settings: Settings,
  secrets: Secrets,
): Promise<Provisioned> {
  try {
    await migrate(ownerUrl);
    const nodeName = await ensureNodeName(settings.dataDir);
    const provisioned = await provision(ownerUrl, {
      secrets: secrets.logins,
      address: (installationId) => ({
        nodeName,
        relayUrl: `unix:${runDirOf(installationId)}/relay.sock`,
        controllerUrl: `unix:${runDirOf(installationId)}/controller.sock`,
      }),
    });
    await setUpAdmin(ownerUrl, settings);
    return provisioned;
  } catch (error) {
    if (error instanceof MigrationError) {
      // A right that is missing, or a server that goes, shows first in the statements of a migration.
      throw (
        databaseFailure(error.cause, ownerUrl) ??
        new Failure("schema", error.message, { cause: error })
      );
    }
    if (error instanceof NodeNameTakenError) {
      throw new Failure(
        "settings",
        `${error.message} Its name is in ${nodeNameFile(settings.dataDir)}.`,
        { cause: error },
      );
    }
    throw databaseFailure(error, ownerUrl) ?? error;
  }
}

/** The hash costs time and memory on purpose, so it is only made where an account is. */
export async function setUpAdmin(
  ownerUrl: string,
  settings: Pick<Settings, "adminPassword" | "dataDir">,
): Promise<void> {
  if (!(await needsAdmin(ownerUrl))) return;
  const password = settings.adminPassword ?? (await generatedPassword.ensure(settings.dataDir));
  const passwordHash = await hashPassword(password);
  const created = await ensureAdmin(ownerUrl, { username: "admin", passwordHash });
  // Somebody else's start on the same database was first, with a password of its own.
  if (!created || settings.adminPassword !== undefined) {
    await generatedPassword.forget(settings.dataDir);
  }
}

/** A database that does not answer, or not to us, as a person should hear of it. */
export function databaseFailure(error: unknown, ownerUrl: string): Failure | undefined {
  const code =
    error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const refused = /^(28P01|28000|3D000|42501)$/.test(code);
  const silent = /^(E[A-Z_]+|CONNECT_TIMEOUT|CONNECTION_\w+|57P03|53300)$/.test(code);
  if (!refused && !silent) return undefined;
  const { hostname, port, pathname } = new URL(ownerUrl);
  const where = `${hostname}:${port || "5432"}${pathname}`;
  const message = error instanceof Error ? error.message : code;
  return new Failure(
    "database_unreachable",
    refused
      ? `The database at ${where} refuses ASCI (${message}): check DATABASE_URL, and that its user may make roles.`
      : `The database at ${where} does not answer (${code}): start it, or check DATABASE_URL.`,
    { cause: error },
  );
}
