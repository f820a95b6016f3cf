import { sql as sqlText } from "drizzle-orm";
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { sqlState } from "./errors.ts";
import * as schema from "./schema.ts";

type Schema = typeof schema;
export type Db = PostgresJsDatabase<Schema>;
/** A database or a transaction on it: what every query takes. */
export type Queryable = Pick<
  Db,
  "execute" | "select" | "insert" | "update" | "delete" | "transaction"
>;

export interface Connection {
  readonly db: Db;
  readonly sql: postgres.Sql;
  /** Waits up to 5 s for running queries, then cuts. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly max?: number;
  readonly applicationName?: string;
  /** How long a connection is kept that nobody uses; a new one has everything to plan anew. Default 60. */
  readonly idleSeconds?: number;
  /** A statement that takes longer is cancelled by the server. */
  readonly statementTimeoutMs?: number;
  /**
   * Through a pooler that lends connections by the transaction. Nothing may be set or prepared for
   * longer than that; the limits on statements are those of the login.
   */
  readonly pooled?: boolean;
}

/**
 * Opens a pool. Nothing is dialled before the first query, and a server that comes back is found
 * again by the next one.
 */
export function connect(url: string, options: ConnectOptions = {}): Connection {
  const { applicationName = "asci", statementTimeoutMs = 10_000, pooled = false } = options;
  const limits = {
    statement_timeout: statementTimeoutMs,
    lock_timeout: 5_000,
    idle_in_transaction_session_timeout: statementTimeoutMs,
  };
  const sql = postgres(url, {
    max: options.max ?? 10,
    connect_timeout: 5,
    idle_timeout: options.idleSeconds ?? 60,
    // Seconds. The default grows to 20: after an outage nodes would be heard of later than the judge.
    backoff: (retries: number) => Math.min(1, 0.1 * 2 ** retries) * (0.5 + Math.random()),
    // Without this every connection asks the catalogue for array types first.
    fetch_types: false,
    onnotice: () => {},
    // Counters (fence, epoch, sizes) stay far below 2^53.
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    prepare: !pooled,
    connection: { application_name: applicationName, ...(pooled ? {} : limits) },
  });
  const client = pooled ? sql : prepared(sql);
  const db = drizzle(client, { schema });
  if (pooled) pooledDbs.add(db);
  return { db, sql, close: () => sql.end({ timeout: 5 }) };
}

/** Through a pooler: no statement is kept there, and each takes round trips of its own. */
const pooledDbs = new WeakSet<object>();

/**
 * Has what this transaction asks planned once for each connection: Postgres would plan the first five times anew, for
 * the very parameters, which is longer than all else of a statement that finds its few rows by their keys. Through a
 * pooler, where every statement is planned each time, it does nothing.
 */
export async function planOnce(db: Db, tx: Queryable): Promise<void> {
  if (!pooledDbs.has(db)) await tx.execute(sqlText`set local plan_cache_mode = force_generic_plan`);
}

/**
 * Has what this transaction asks planned for what there is now, the queries of triggers and foreign keys too: for
 * statements that take thousands of rows at once. A plan that was kept since tables had hardly a row looks at all of
 * one for each of another.
 */
export async function planAnew(tx: Queryable): Promise<void> {
  await tx.execute(sqlText`set local plan_cache_mode = force_custom_plan`);
}

/** What a statement is told that stands behind one that failed. */
const behindAFault = "25P02";

/**
 * Waits for all of several queries that were sent at once in one transaction, where they are carried out in this order:
 * each has to send its first statement before it awaits anything.
 * @throws the cause where several failed, as all do behind one that the database refused
 */
export async function sentAtOnce<const T extends readonly unknown[]>(
  statements: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  // A statement of drizzle's is sent once for each that asks for its outcome.
  const sent = statements.map((it) => Promise.resolve(it));
  const faults = (await Promise.allSettled(sent)).flatMap((it) =>
    it.status === "rejected" ? [{ reason: it.reason as unknown }] : [],
  );
  const cause = faults.find((it) => sqlState(it.reason)?.code !== behindAFault) ?? faults[0];
  if (cause) throw cause.reason;
  return Promise.all(sent) as Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>;
}

/**
 * Has every statement planned once for each connection: drizzle leaves that out, and the driver where
 * there are no parameters. Several statements in one text cannot be.
 */
function prepared<T extends object>(client: T): T {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name === "unsafe")
        return (text: string, args: unknown[], options?: object) =>
          value.call(target, text, args, {
            ...options,
            prepare: true,
            simple: args.length === 0 && text.includes(";"),
          });
      if (name === "begin" || name === "savepoint")
        return (...args: unknown[]) => {
          const run = args.pop() as (client: object) => unknown;
          return value.call(target, ...args, (inner: object) => run(prepared(inner)));
        };
      return value;
    },
  });
}
