import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Others than this machine who may connect to an embedded Postgres. */
export interface PostgresClients {
  /** Of this machine, for them to connect to. */
  address: string;
  /** What they come from, like `198.18.4.0/30`. */
  network: string;
}

/** The value of Postgres's setting `listen_addresses`. */
export function listenAddresses(clients: readonly PostgresClients[]): string {
  return ["127.0.0.1", ...clients.map(({ address }) => address)].join(",");
}

/** Lets this machine and those networks in, by password, and nobody else (pg_hba.conf). */
export async function admitOnly(
  dataDir: string,
  clients: readonly PostgresClients[],
): Promise<void> {
  const networks = ["127.0.0.1/32", ...clients.map(({ network }) => network)];
  const lines = networks.map((network) => `host all all ${network} scram-sha-256`);
  const text = ["# Written at every start", ...lines, ""].join("\n");
  await writeFile(join(dataDir, "pg_hba.conf"), text);
}
