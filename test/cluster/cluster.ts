/** A cluster for tests, with small desktops, spoken to by an administrator as a browser would. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { startCluster, type Cluster, type ClusterOptions } from "../../cli/cluster/cluster.ts";
import { freePort } from "../../cli/ports.ts";
import { readSettings } from "../../cli/settings.ts";
import { connect, type Connection } from "../../db/client.ts";
import { seedCatalogue } from "../../db/testing.ts";
import { Browser } from "../../gateway/testing.ts";
import { until } from "../browser.ts";
import { makeStandIns } from "../stand-in.ts";

const password = "a password for tests";

export interface Instance {
  readonly id: string;
  readonly state: string;
  readonly reason: { code: string; text: string } | null;
  readonly node: { name: string } | null;
  readonly placement: { rules?: string[] } | null;
  readonly notice: { code: string; text: string } | null;
}

/** A container of an instance, and the node whose engine has it. */
export interface Found {
  readonly node: string;
  readonly id: string;
  readonly name: string;
  readonly state: string;
}

export interface TestCluster extends Cluster {
  readonly admin: Browser;
  /** As the database's owner. */
  readonly database: Connection;
  /** Starts so many desktops at once. @returns their ids */
  begin(count: number): Promise<string[]>;
  end(ids: readonly string[]): Promise<void>;
  get(id: string): Promise<Instance>;
  /** Waits until all are in that state. */
  untilAll(ids: readonly string[], state: string): Promise<Instance[]>;
  /** By asking the engine of every node. */
  containers(id: string): Promise<Found[]>;
  nodeId(name: string): string;
}

export interface TestClusterOptions extends Pick<ClusterOptions, "nodes" | "lostSeconds"> {
  readonly lines?: string[];
}

export async function startTestCluster(options: TestClusterOptions): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), "asci-cluster-"));
  let image = "";
  let environment = "";
  const cluster = await startCluster({
    ...options,
    settings: readSettings({
      ASCI_DATA: join(folder, "run"),
      ASCI_PORT: String(await freePort()),
      ASCI_ADMIN_PASSWORD: password,
    }),
    images: {
      folder: join(folder, "image"),
      content: "stand-ins",
      async fill(engine) {
        image = (await makeStandIns(engine, new Docker())).desktop;
      },
    },
    async fillCatalogue(ownerUrl) {
      const { db, close } = connect(ownerUrl, { max: 1 });
      // A tenth of a node each: enough that spreading them counts for more than a person's desktops standing together.
      const small = { cpus: 0.2, memoryBytes: 64 * 1024 ** 2, image };
      environment = `env-${(await seedCatalogue(db, small)).username}`;
      await close();
    },
    onLine: (line) => void options.lines?.push(line),
  });
  const database = connect(cluster.ownerUrl, { max: 2 });
  // Placement prefers nodes that have an image.
  await until("every node tells that it has the image", async () => {
    const told = await database.sql`select from node_images where state = 'present'`;
    return told.length === cluster.nodes.length;
  });
  const admin = await signedIn(cluster.url);
  return {
    ...cluster,
    ...desktopsOf(cluster, admin, environment),
    admin,
    database,
    nodeId: (name) => cluster.nodes.find((it) => it.name === name)?.id ?? "",
    async stop() {
      await database.close();
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function signedIn(url: string, as = password): Promise<Browser> {
  const browser = new Browser(url);
  const { status } = await browser.call("POST", "/api/auth/login", {
    username: "admin",
    password: as,
  });
  if (status !== 200) throw new Error(`the sign-in answered ${status}`);
  return browser;
}

/** What is done with desktops of one environment, and seen of them. */
export function desktopsOf(
  cluster: Pick<Cluster, "nodes">,
  admin: Browser,
  environment: string,
): Pick<TestCluster, "begin" | "end" | "get" | "untilAll" | "containers"> {
  const get = async (id: string): Promise<Instance> => {
    const { status, body } = await admin.call("GET", `/api/instances/${id}`);
    if (status !== 200) throw new Error(`instance ${id} answered ${status}`);
    return body as unknown as Instance;
  };
  const untilAll = async (ids: readonly string[], state: string): Promise<Instance[]> => {
    let last: Instance[] = [];
    return until(`${ids.length} instances are ${state}`, async () => {
      last = await Promise.all(ids.map(get));
      return last.every((it) => it.state === state) && last;
    }).catch((error: unknown) => {
      const seen = last.map(({ state, reason }) => `${state} ${JSON.stringify(reason)}`);
      throw new Error(`${String(error)}; they are ${seen.join(", ")}`, { cause: error });
    });
  };
  return {
    get,
    untilAll,
    async begin(count) {
      const wishes = Array.from({ length: count }, async () => {
        const { status, body } = await admin.call("POST", "/api/instances", { environment });
        if (status !== 202) throw new Error(`a start answered ${JSON.stringify(body)}`);
        return String(body["id"]);
      });
      return Promise.all(wishes);
    },
    async end(ids) {
      for (const id of ids) {
        const { status } = await admin.call("POST", `/api/instances/${id}/stop`);
        if (status !== 202) throw new Error(`a stop answered ${status}`);
      }
    },
    async containers(id) {
      const filters = { label: [`asci.instance=${id}`] };
      const found = cluster.nodes.map(async ({ name: node, engine }) => {
        const all = await engine.docker.listContainers({ all: true, filters });
        return all.map((it) => ({
          node,
          id: it.Id,
          name: it.Names[0]?.slice(1) ?? "",
          state: it.State,
        }));
      });
      return (await Promise.all(found)).flat();
    },
  };
}
