/** A cluster while it is made, while it runs, and while it is taken away. */
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ensureSecrets, openDataFolder } from "../data-folder.ts";
import type { DataFolder } from "../data-folder.ts";
import { Failure } from "../failure.ts";
import { Installation } from "../installation.ts";
import { gatewayPart, placerPart } from "../parts.ts";
import type { PartHost } from "../parts.ts";
import { checkAddress } from "../ports.ts";
import { untilReady } from "../readiness.ts";
import { localUrl } from "../settings.ts";
import { supervise } from "../supervise.ts";
import type { Part, Supervised } from "../supervise.ts";
import { ensureSystemUser } from "../system-user.ts";
import type { Cluster, ClusterOptions } from "./cluster.ts";
import { clusterDatabase, setUpCluster, untilNodesAreReady } from "./database.ts";
import type { ClusterDatabase } from "./database.ts";
import type { EngineProcess } from "./engine.ts";
import { copyImages, prepareImageStore } from "./image-store.ts";
import { freePart, makeNetwork, mendLink, nodeNetwork } from "./network.ts";
import type { NodeNetwork } from "./network.ts";
import { nodeEngine, nodeFolder, startNode } from "./node.ts";
import type { ClusterNode } from "./node.ts";
import { recordCluster, removeCluster } from "./remains.ts";

export class Making {
  readonly #options: ClusterOptions;
  readonly #clusterId = randomBytes(2).toString("hex");
  readonly #engines: EngineProcess[] = [];
  readonly #supervised: Supervised[] = [];
  #networks: NodeNetwork[] = [];
  #database: Supervised | undefined;
  #folder: DataFolder | undefined;
  #release: () => Promise<void> = async () => undefined;
  #starting: Promise<Cluster> | undefined;
  #isUp = false;
  #stopped = false;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  start(): Promise<Cluster> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    // What is under way (an image that is loaded, say) ends with the engine that does it.
    if (!this.#isUp) await this.#endEngines();
    await this.#starting?.catch(() => undefined);
    // A controller says goodbye to the database.
    for (const { name } of this.#networks) await mendLink(name).catch(() => undefined);
    await Promise.all(this.#supervised.map((part) => part.stop()));
    await this.#endEngines();
    await this.#database?.stop();
    if (this.#folder !== undefined) await removeCluster(this.#clusterId, this.#folder.root);
    await this.#release();
  }

  async #start(): Promise<Cluster> {
    const { settings, nodes, onLine } = this.#options;
    const url = localUrl(settings);
    const folder = await openDataFolder(settings.dataDir);
    const { installation, release } = await Installation.take(folder, url);
    this.#release = release;
    await recordCluster(this.#clusterId, folder.root);
    this.#folder = folder;
    await checkAddress(settings);
    await this.#makeNetworks();
    const [engines, database] = await Promise.all([
      this.#startEngines(folder),
      this.#startDatabase(folder),
    ]);
    await installation.setInstallationId(database.control.installationId);
    const host: PartHost = {
      folder,
      onLine,
      onStart: (name, identity) => installation.setPart(name, identity),
    };
    await this.#options.fillCatalogue?.(database.ownerUrl);
    await this.#startControlPlane(host, database);
    const started = await this.#startNodes(host, database, engines);
    await Promise.all(this.#supervised.map(({ ready }) => ready));
    await untilReady(url, onLine);
    await untilNodesAreReady(database.ownerUrl, nodes);
    this.#isUp = true;
    return { url, ownerUrl: database.ownerUrl, nodes: started, stop: () => this.stop() };
  }

  /** One more than there are nodes: the last is for the engine that fills the store of images. */
  async #makeNetworks(): Promise<void> {
    const part = await freePart();
    const count = this.#options.nodes.length + 1;
    this.#networks = Array.from({ length: count }, (_, at) =>
      nodeNetwork(this.#clusterId, part, at + 1),
    );
    for (const it of this.#networks) await makeNetwork(it);
  }

  async #startEngines(folder: DataFolder): Promise<EngineProcess[]> {
    const { images, nodes } = this.#options;
    await prepareImageStore(images, join(folder.root, "images"), async (paths) => {
      const engine = await nodeEngine(present(this.#networks.at(-1)), paths);
      await this.#startEngine(engine);
      return engine;
    });
    return Promise.all(
      this.#networks.slice(0, nodes.length).map(async (network) => {
        const engine = await nodeEngine(network, nodeFolder(folder.root, network));
        await copyImages(images.folder, engine.dataRoot);
        await this.#startEngine(engine);
        return engine;
      }),
    );
  }

  async #startEngine(engine: EngineProcess): Promise<void> {
    this.#checkWanted();
    this.#engines.push(engine);
    await engine.start();
  }

  async #startDatabase(folder: DataFolder): Promise<ClusterDatabase> {
    const { nodes, settings, onLine } = this.#options;
    const secrets = await ensureSecrets(folder.root);
    const { part, url } = clusterDatabase(folder, { secrets, networks: this.#networks, onLine });
    this.#checkWanted();
    this.#database = supervise(part, { onLine });
    await this.#database.ready;
    const networks = this.#networks.slice(0, nodes.length);
    return setUpCluster(await url, { nodes, networks, secrets, settings });
  }

  async #startControlPlane(host: PartHost, { control, secrets }: ClusterDatabase): Promise<void> {
    const { settings, lostSeconds = 60 } = this.#options;
    const uiDir = this.#options.uiDir ?? join(host.folder.root, "no-pages");
    await mkdir(uiDir, { recursive: true });
    const gatewayUser = await ensureSystemUser("asci-gateway");
    const databaseUrl = control.urls.gateway;
    const gateway = { settings, listen: settings, uiDir, secrets, databaseUrl, gatewayUser };
    this.#supervise(gatewayPart(host, gateway));
    this.#supervise(placerPart(host, { databaseUrl: control.urls.placer, lostSeconds }));
  }

  async #startNodes(
    host: PartHost,
    database: ClusterDatabase,
    engines: readonly EngineProcess[],
  ): Promise<ClusterNode[]> {
    const { nodes, settings } = this.#options;
    const relayUser = await ensureSystemUser("asci-relay");
    return Promise.all(
      nodes.map((wish, at) =>
        startNode(host, {
          settings,
          relayUser,
          wish,
          added: present(database.added[at]),
          engine: present(engines[at]),
          network: present(this.#networks[at]),
          supervise: (part) => this.#supervise(part),
        }),
      ),
    );
  }

  #supervise(part: Part): Supervised {
    this.#checkWanted();
    const supervised = supervise(part, { onLine: this.#options.onLine });
    this.#supervised.push(supervised);
    return supervised;
  }

  #checkWanted(): void {
    if (this.#stopped) throw new Failure("interrupted", "Stopped before the cluster was ready.");
  }

  async #endEngines(): Promise<void> {
    await Promise.all(
      this.#engines.map(async (engine) => {
        if (!engine.started) return;
        if (this.#isUp) await engine.empty().catch(() => undefined);
        await engine.kill();
      }),
    );
  }
}

/** There is one of each kind for every node. */
function present<T>(it: T | undefined): T {
  if (it === undefined) throw new Error("a node lacks something that was made for it");
  return it;
}
