import { readdir, readFile } from "node:fs/promises";
import postgres from "postgres";

const migrationsDir = new URL("./migrations/", import.meta.url);
/** Any number that no other program on this server takes for the same purpose. */
const migrationLock = 4_157_362_011;

export type MigrationFault = "schema_newer" | "schema_differs" | "migration_failed";

export class MigrationError extends Error {
  readonly code: MigrationFault;
  constructor(code: MigrationFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MigrationError";
    this.code = code;
  }
}

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly text: string;
}

/** The migrations of this release, oldest first: files `NNNN_name.sql`. */
export async function readMigrations(): Promise<Migration[]> {
  const files = (await readdir(migrationsDir)).filter((file) => file.endsWith(".sql")).sort();
  return Promise.all(
    files.map(async (file) => ({
      version: Number(file.slice(0, 4)),
      name: file.replace(/\.sql$/, ""),
      text: await readFile(new URL(file, migrationsDir), "utf8"),
    })),
  );
}

async function applyMissing(sql: postgres.ReservedSql, known: Migration[]): Promise<number> {
  await sql`create table if not exists schema_migrations (
    version integer primary key, name text not null, applied_at timestamptz not null default now())`;
  const applied = await sql<{ version: number; name: string }[]>`
    select version, name from schema_migrations order by version`;
  for (const row of applied) {
    const mine = known.find((it) => it.version === row.version);
    if (!mine)
      throw new MigrationError(
        "schema_newer",
        `The database has migration ${row.name}, which this release does not know: it was made by a newer ASCI. Start that release, or restore a backup made with this one.`,
      );
    if (mine.name !== row.name)
      throw new MigrationError(
        "schema_differs",
        `Migration ${row.version} is ${row.name} in the database and ${mine.name} in this release: this database was not made by an ASCI release.`,
      );
  }
  const missing = known.filter((it) => !applied.some((row) => row.version === it.version));
  for (const migration of missing) await applyOne(sql, migration);
  return missing.length;
}

async function applyOne(sql: postgres.ReservedSql, migration: Migration): Promise<void> {
  await sql`begin`;
  try {
    await sql.unsafe(migration.text);
    await sql`insert into schema_migrations (version, name)
      values (${migration.version}, ${migration.name})`;
    await sql`commit`;
  } catch (cause) {
    await sql`rollback`;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new MigrationError(
      "migration_failed",
      `Migration ${migration.name} failed and was undone: ${detail}`,
      { cause },
    );
  }
}

/**
 * Brings the database to this release's schema, each migration in a transaction of its own, under an
 * advisory lock so that several starts at once apply each migration once.
 *
 * @param url a connection as the database's owner
 * @returns how many migrations were applied
 * @throws MigrationError `schema_newer` where the database knows a migration that this release does not
 */
export async function migrate(url: string): Promise<number> {
  const pool = postgres(url, { max: 1, onnotice: () => {}, connect_timeout: 10 });
  try {
    const sql = await pool.reserve();
    try {
      await sql`select pg_advisory_lock(${migrationLock})`;
      return await applyMissing(sql, await readMigrations());
    } finally {
      await sql`select pg_advisory_unlock(${migrationLock})`.catch(() => {});
      sql.release();
    }
  } finally {
    await pool.end({ timeout: 5 });
  }
}
