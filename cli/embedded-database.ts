import { join } from "node:path";
import type { DataFolder } from "./data-folder.ts";
import { startPostgres } from "./postgres.ts";
import type { PostgresOptions } from "./postgres.ts";
import type { Part, Run } from "./supervise.ts";

/**
 * The embedded Postgres as a supervised part. It comes back on the port that it had: the other parts know its address
 * and connect again by themselves.
 */
export function embeddedDatabase(
  folder: DataFolder,
  password: string,
  onLine: (line: string) => void,
  options: Pick<PostgresOptions, "clients" | "durable"> = {},
): { part: Part; url: Promise<string> } {
  const { promise: url, resolve } = Promise.withResolvers<string>();
  let port: number | undefined;
  const start = async (): Promise<Run> => {
    const running = await startPostgres({
      dataDir: folder.postgres,
      logFile: join(folder.logs, "postgres.log"),
      password,
      onAlarm: (line) => onLine(`database: ${line}`),
      ...options,
      ...(port === undefined ? {} : { port }),
    });
    port = running.port;
    resolve(running.url);
    return {
      ready: Promise.resolve(),
      ended: running.exited.then(() => "see logs/postgres.log"),
      stop: () => running.stop(),
      kill: () => running.kill(),
    };
  };
  return { part: { name: "database", start }, url };
}
