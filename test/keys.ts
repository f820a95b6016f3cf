/** Time for tests of keys: it passes when it is told to. */
import { sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import type { KeyCacheOptions } from "../db/key-cache.ts";

export interface KeyTime {
  /** For the copies of keys that gateways and relays keep. */
  readonly copies: KeyCacheOptions;
  /** As if everything that the database says of keys were said so much earlier. */
  pass(seconds: number): Promise<void>;
}

/** @param owner a database as its owner */
export function keyTime(owner: () => Db): KeyTime {
  let passedMs = 0;
  return {
    copies: { now: () => performance.now() + passedMs },
    async pass(seconds) {
      const by = sql`${seconds} * interval '1 s'`;
      await owner().execute(sql`
        update signing_keys set created_at = created_at - ${by}, sign_from = sign_from - ${by},
          sign_until = sign_until - ${by}, retired_at = retired_at - ${by}`);
      passedMs += seconds * 1000;
    },
  };
}

export interface CountedDb {
  readonly db: Db;
  /** How many statements it was asked for, transactions counted as one. */
  statements(): number;
}

/** The same database, and how often it was asked. */
export function counted(db: Db): CountedDb {
  let statements = 0;
  const asking = new Set<PropertyKey>(["execute", "transaction"]);
  return {
    db: new Proxy(db, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (asking.has(name)) statements += 1;
        return typeof value === "function" ? value.bind(target) : value;
      },
    }),
    statements: () => statements,
  };
}
