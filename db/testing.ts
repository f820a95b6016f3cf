/** For tests: a database of one's own, cloned from the migrated template in some 50 ms. */
import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import postgres from "postgres";
import { connect, type Connection, type Db } from "./client.ts";
import { addNode, provision, type Provisioned } from "./provision.ts";

export const templateDatabase = "asci_template";

export interface TestDatabase extends Provisioned {
  readonly ownerUrl: string;
  /** As the owner, to prepare and to look. */
  readonly owner: Connection;
  /** A pool as one of the parts, closed with the database. */
  as(
    part: "gateway" | "placer" | "node" | "relay",
    options?: { max?: number; pooled?: boolean },
  ): Connection;
  /** Registers another node, and gives a pool as its controller. */
  addNode(nodeName: string): Promise<{ readonly nodeId: string; readonly db: Db }>;
  drop(): Promise<void>;
}

/** @param serverUrl the test run's server, from vitest's `inject("postgresUrl")` */
export async function createTestDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `asci_test_${randomUUID().replaceAll("-", "")}`;
  const admin = postgres(serverUrl, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${name} template ${templateDatabase}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const owner = connect(url.href);
  // The template's installation id would be everybody's.
  await owner.db.execute(sql`update installation set id = gen_random_uuid()`);
  const secrets = { gateway: "gateway", placer: "placer", node: "node", relay: "relay" };
  const logins = new Set<string>();
  const keep = <T extends { readonly urls: Record<string, string> }>(made: T): T => {
    for (const it of Object.values(made.urls)) logins.add(new URL(it).username);
    return made;
  };
  const named = (nodeName: string) => ({
    secrets,
    address: () => ({ nodeName, relayUrl: "unix:/nowhere", controllerUrl: "unix:/nowhere" }),
  });
  const provisioned = keep(await provision(url.href, named("node-1")));
  const open: Connection[] = [owner];
  return {
    ...provisioned,
    ownerUrl: url.href,
    owner,
    as(part, options = {}) {
      const connection = connect(provisioned.urls[part], { max: 5, ...options });
      open.push(connection);
      return connection;
    },
    async addNode(nodeName) {
      const { nodeId, urls } = keep(await addNode(url.href, named(nodeName)));
      const connection = connect(urls.node, { max: 5 });
      open.push(connection);
      return { nodeId, db: connection.db };
    },
    async drop() {
      await Promise.all(open.map((it) => it.close()));
      await admin.unsafe(`drop database ${name} with (force)`);
      for (const login of logins) await admin.unsafe(`drop role if exists "${login}"`);
      await admin.end();
    },
  };
}

export interface Seeded {
  readonly userId: string;
  readonly username: string;
  readonly environmentId: string;
  readonly versionId: string;
}

/** A person and an environment with one version. */
export async function seedCatalogue(
  db: Db,
  options: { cpus?: number; memoryBytes?: number; image?: string } = {},
): Promise<Seeded> {
  const username = `person${Math.floor(Math.random() * 1e9)}`;
  const [row] = await db.execute<{ user: string; environment: string; version: string }>(sql`
    with u as (
      insert into users (username, display_name) values (${username}, 'A Person') returning id
    ), e as (
      insert into environments (slug, name, kind, cpus, memory_bytes)
      values (${`env-${username}`}, 'An environment', 'desktop', ${options.cpus ?? 1},
        ${options.memoryBytes ?? 1024 ** 3}) returning id
    ), opened as (
      insert into entitlements (environment_id, kind) select id, 'everyone' from e
    ), v as (
      insert into versions (environment_id, tag, image, digest)
      select id, '1', ${options.image ?? "none"}, ${options.image ?? "none"} from e returning id
    )
    select u.id as user, e.id as environment, v.id as version from u, e, v`);
  if (!row) throw new Error("nothing was seeded");
  return { userId: row.user, username, environmentId: row.environment, versionId: row.version };
}
