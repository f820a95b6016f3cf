/** A node for tests: a real controller with the placer, on the engine of this machine or another. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import Docker from "dockerode";
import { sql } from "drizzle-orm";
import { unmountBelow } from "../cli/run-dir.ts";
import { removeFirewall } from "../controller/firewall.ts";
import { removeNetworkHolders } from "../controller/runtimes/spare-networks.ts";
import { controllerConfigSchema } from "../controller/config.ts";
import { startController, type Controller } from "../controller/controller.ts";
import type { Log } from "../controller/log.ts";
import { getInstance, insertInstance, wishInstance, type InstanceRow } from "../db/instances.ts";
import {
  createTestDatabase,
  seedCatalogue,
  type Seeded,
  type TestDatabase,
} from "../db/testing.ts";
import { ensureBaseImage } from "../images/build.ts";
import { until } from "./browser.ts";

export const docker = new Docker();

export interface TestNode {
  readonly database: TestDatabase;
  readonly seeded: Seeded;
  readonly lines: string[];
  readonly runDir: string;
  /** Homes lie in `homes/`, experiments' data in `data/<beamline>/<experiment>`. */
  readonly storageDir: string;
  /** The environment of a controller of this node as a process of its own. */
  readonly controllerEnv: Readonly<Record<string, string>>;
  startController(options?: {
    answerMs?: number;
    leaseMs?: number;
    env?: Record<string, string>;
  }): Promise<Controller>;
  start(wish?: { versionId?: string; experimentId?: string | null }): Promise<string>;
  stop(id: string): Promise<void>;
  restart(id: string): Promise<void>;
  get(id: string): Promise<InstanceRow>;
  /** Waits for a state; the error tells the last one seen. */
  untilState(id: string, state: string): Promise<InstanceRow>;
  containers(id: string): Promise<Docker.ContainerInfo[]>;
  /** Containers that hold a network, for a desktop or ready for one. */
  networks(): Promise<Docker.ContainerInfo[]>;
  /** What the controller counts, by the metric's name. */
  metric(name: string): Promise<number>;
  remove(): Promise<void>;
}

/** The engine of a test's own, with the image that its desktops are made of. */
export interface NodeEngine {
  readonly docker: Docker;
  /** As DOCKER_HOST names it. */
  readonly url: string;
  readonly image: string;
}

/** From the controller's own port. */
async function metricOf(socketPath: string, name: string): Promise<number> {
  const shown = await new Promise<string>((resolve, reject) => {
    request({ socketPath, path: "/metrics" }, (answer) => {
      text(answer).then(resolve, reject);
    })
      .on("error", reject)
      .end();
  });
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(shown)?.[1]);
}

export async function createTestNode(postgresUrl: string, on?: NodeEngine): Promise<TestNode> {
  const image = on?.image ?? (await ensureBaseImage(docker, { onProgress: () => {} })).id;
  const engine = on?.docker ?? docker;
  // Before any controller of this process looks for its engine.
  if (on) process.env["DOCKER_HOST"] = on.url;
  const database = await createTestDatabase(postgresUrl);
  const small = { cpus: 0.01, memoryBytes: 400 * 1024 ** 2, image };
  const seeded = await seedCatalogue(database.owner.db, small);
  await database.owner.db.execute(sql`update environments set memory_limit_bytes = 2147483648`);
  // Short, as paths of sockets end at 107 bytes.
  await mkdir("/run/asci", { recursive: true });
  const runDir = await mkdtemp("/run/asci/t-");
  await database.owner.db.execute(
    sql`update nodes set controller_url = ${`unix:${runDir}/controller.sock`}`,
  );
  const storageDir = await mkdtemp(join(tmpdir(), "asci-storage-"));
  const lines: string[] = [];
  const note = (fields: Record<string, unknown>, message: string) =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { info: note, warn: note, error: note };
  const controllers: Controller[] = [];
  const gateway = database.as("gateway").db;
  const { userId } = seeded;
  const owned = { label: [`asci.installation=${database.installationId}`] };

  const controllerEnv = {
    DATABASE_URL: database.urls.node,
    ASCI_PLACER_DATABASE_URL: database.urls.placer,
    ASCI_NODE_ID: database.nodeId,
    ASCI_RUN_DIR: runDir,
    ASCI_HOMES: join(storageDir, "homes", "{username}"),
    ASCI_HOMES_MAKE: "1",
    ASCI_EXPERIMENT_DATA: join(storageDir, "data", "{beamline}", "{experiment}"),
    ASCI_CONTROLLER_LISTEN: `unix:${runDir}/controller.sock`,
    ASCI_RELAY_GID: "0",
    // Tests ask for them: links that come and go end what browsers beside these load.
    ASCI_SPARE_NETWORKS: "0",
  };
  const wish = async (instanceId: string, action: "stop" | "restart") => {
    const outcome = await wishInstance(gateway, { by: { owner: userId }, instanceId, action });
    if (outcome.kind !== "accepted") throw new Error(`${action}: ${JSON.stringify(outcome)}`);
  };
  const get = async (id: string) => {
    const found = await getInstance(gateway, userId, id);
    if (!found) throw new Error(`no instance ${id}`);
    return found;
  };
  return {
    database,
    seeded,
    lines,
    runDir,
    storageDir,
    controllerEnv,
    get,
    async startController({ env, ...options } = {}) {
      let own: Controller | undefined;
      const config = controllerConfigSchema.parse({ ...controllerEnv, ...env });
      const controller = await startController(config, {
        log,
        onSuperseded() {
          note({}, "superseded");
          void own?.stop();
        },
        ...options,
      });
      own = controller;
      controllers.push(controller);
      return controller;
    },
    start: ({ versionId = seeded.versionId, experimentId = null } = {}) =>
      insertInstance(gateway, { ...seeded, versionId, name: "one", experimentId }),
    stop: (id) => wish(id, "stop"),
    restart: (id) => wish(id, "restart"),
    untilState: (id, state) => {
      let last = "";
      return until(`${id} is ${state}`, async () => {
        const found = await get(id);
        last = `${found.state} ${JSON.stringify(found.reason)}`;
        return found.state === state && found;
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}; it is ${last}\n${lines.join("\n")}`, { cause: error });
      });
    },
    containers: (id) =>
      engine.listContainers({ all: true, filters: { label: [`asci.instance=${id}`] } }),
    networks: () =>
      engine.listContainers({
        all: true,
        filters: { label: [`asci.network=${database.installationId}`] },
      }),
    metric: (name) => metricOf(`${runDir}/controller.sock`, name),
    async remove() {
      await Promise.all(controllers.map((it) => it.stop()));
      for (const it of await engine.listContainers({ all: true, filters: owned }))
        await engine.getContainer(it.Id).remove({ force: true, v: true });
      await removeNetworkHolders(engine, database.installationId);
      for (const it of await engine.listNetworks({ filters: owned }))
        await engine.getNetwork(it.Id).remove();
      await removeFirewall(database.installationId);
      await unmountBelow(runDir);
      await rm(runDir, { recursive: true, force: true });
      await rm(storageDir, { recursive: true, force: true });
      await database.drop();
    },
  };
}
