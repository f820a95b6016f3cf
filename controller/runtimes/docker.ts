import { hostname, totalmem } from "node:os";
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { applyFirewall } from "../firewall.ts";
import type { FirewallInputs } from "../firewall-rules.ts";
import { guarded, settled, type EngineFault } from "./docker-faults.ts";
import { gpuRequests } from "./docker-gpus.ts";
import { bridgeExists, ensureNetwork } from "./docker-network.ts";
import { containerName, createOptions, networkHolderOf, type Ownership } from "./docker-options.ts";
import { jsonLines } from "./json-lines.ts";
import {
  RuntimeError,
  type ContainerEnd,
  type ContainerStatus,
  type ContainerWish,
  type EngineReport,
  type ObservedContainer,
  type Runtime,
} from "./runtime.ts";
import { SpareNetworks } from "./spare-networks.ts";

const pingLimitMs = 4000;
const removalLooks = 50;
const removalPauseMs = 200;

/** Kept back for the host and ASCI's own parts. */
const reservedMemoryBytes = 1024 ** 3;

const statuses: Record<string, ContainerStatus> = {
  created: "created",
  running: "running",
  restarting: "running",
  paused: "paused",
  removing: "exited",
  exited: "exited",
  dead: "exited",
};

export class DockerRuntime implements Runtime {
  readonly #docker: Docker;
  readonly #own: Ownership;
  /** As it was prepared. */
  #network: FirewallInputs | undefined;
  /** By container: the look at the rules that its start waits for, begun while it was created. */
  readonly #isolated = new Map<string, Promise<void>>();
  readonly #events: Docker;
  readonly #spares: SpareNetworks;

  /**
   * @param docker should give up on calls that are not answered
   * @param events must not, as a call for events is answered for as long as it lasts; with a
   *   connection for each call it also tells whether the engine is being stopped
   * @param networks how many are made before somebody waits for them
   */
  constructor(docker: Docker, own: Ownership, { events = docker, networks = 0 } = {}) {
    this.#docker = docker;
    this.#own = own;
    this.#events = events;
    this.#spares = new SpareNetworks(docker, own, networks);
  }

  async ping(): Promise<void> {
    const limit = AbortSignal.timeout(pingLimitMs);
    const tooLate = new Promise<never>((_resolve, reject) => {
      limit.addEventListener("abort", () =>
        reject(new RuntimeError("engine_unreachable", "The engine does not answer.")),
      );
    });
    await guarded(Promise.race([this.#events.ping(), tooLate]));
  }

  async report(): Promise<EngineReport> {
    const info = await guarded(this.#docker.info());
    return {
      engineId: String(info.ID ?? ""),
      dataRoot: String(info.DockerRootDir ?? ""),
      cpus: Number(info.NCPU) || 1,
      memoryBytes: Math.max(0, (Number(info.MemTotal) || totalmem()) - reservedMemoryBytes),
      labels: {
        "asci.os": String(info.OSType ?? ""),
        "asci.arch": String(info.Architecture ?? ""),
        "asci.runtime": "docker",
        "asci.engine": `docker-${String(info.ServerVersion ?? "")}`,
        "asci.host": hostname(),
      },
    };
  }

  async prepare(): Promise<void> {
    this.#spares.forget();
    const inputs = await guarded(ensureNetwork(this.#docker, this.#own));
    await guarded(applyFirewall(inputs));
    this.#network = inputs;
  }

  async stockUp(): Promise<string[]> {
    return this.#network ? guarded(this.#spares.fill()) : [];
  }

  get spareNetworks(): number {
    return this.#spares.count;
  }

  close(): Promise<void> {
    return this.#spares.close();
  }

  /** Rules can be lost while a controller runs, e.g. by a reload of the site's: no start without them. */
  async #isolate(): Promise<void> {
    if (!this.#network || !(await bridgeExists(this.#network.bridge))) await this.prepare();
    else await guarded(applyFirewall(this.#network));
  }

  list(): Promise<ObservedContainer[]> {
    return this.#list([]);
  }

  async find(instanceId: string): Promise<ObservedContainer[]> {
    const found = await this.#list([`asci.instance=${instanceId}`]);
    return (await Promise.all(found.map((it) => this.#confirm(it)))).flat();
  }

  /**
   * For some 100 ms after the event of its death the engine still lists a container as running; asked
   * for that container alone, it answers when it has finished with it.
   */
  async #confirm(listed: ObservedContainer): Promise<ObservedContainer[]> {
    if (listed.status !== "running") return [listed];
    try {
      const { State } = await guarded(this.#docker.getContainer(listed.id).inspect());
      return [{ ...listed, status: statuses[State.Status] ?? listed.status }];
    } catch (error) {
      if (error instanceof RuntimeError && error.code === "not_found") return [];
      throw error;
    }
  }

  async #list(labels: string[]): Promise<ObservedContainer[]> {
    const own = [`asci.installation=${this.#own.installationId}`, `asci.node=${this.#own.nodeId}`];
    const found = await guarded(
      this.#docker.listContainers({ all: true, filters: { label: [...own, ...labels] } }),
    );
    return found.flatMap((it) => {
      const instanceId = it.Labels["asci.instance"];
      const incarnation = Number(it.Labels["asci.incarnation"]);
      const status = statuses[it.State];
      if (!instanceId || !Number.isInteger(incarnation) || !status) return [];
      return [{ id: it.Id, instanceId, incarnation, status }];
    });
  }

  async create(wish: ContainerWish): Promise<string> {
    const gpus =
      wish.gpus.length === 0 ? [] : gpuRequests(await guarded(this.#docker.info()), wish.gpus);
    const isolated = this.#isolate();
    // Whoever starts the container hears of it.
    isolated.catch(() => {});
    return this.#spares.lend(async (holder) => {
      const options = createOptions(wish, this.#own, { gpus, holder });
      const container = await guarded(
        this.#docker.createContainer({ name: containerName(wish), ...options }),
      );
      this.#isolated.set(container.id, isolated);
      return container.id;
    });
  }

  async start(containerId: string): Promise<void> {
    const isolated = this.#isolated.get(containerId) ?? this.#isolate();
    this.#isolated.delete(containerId);
    await isolated;
    try {
      await settled(this.#docker.getContainer(containerId).start(), [304]);
    } catch (error) {
      await this.#removeCutOff(containerId).catch(() => {});
      throw error;
    }
  }

  /** Whose network ended before it was joined can never start: the next try is to make another one. */
  async #removeCutOff(containerId: string): Promise<void> {
    const holder = await this.#holderOf(containerId);
    if (holder === undefined) return;
    const state = await this.#docker
      .getContainer(holder)
      .inspect()
      .catch((error: EngineFault) =>
        error.statusCode === 404 ? undefined : Promise.reject(error),
      );
    if (!state?.State.Running) await this.remove(containerId);
  }

  async #holderOf(containerId: string): Promise<string | undefined> {
    const { HostConfig } = await this.#docker.getContainer(containerId).inspect();
    return networkHolderOf(HostConfig.NetworkMode);
  }

  async stop(containerId: string, graceSeconds: number): Promise<void> {
    await settled(this.#docker.getContainer(containerId).stop({ t: graceSeconds }), [304, 404]);
  }

  async end(containerId: string): Promise<ContainerEnd> {
    const { State } = await guarded(this.#docker.getContainer(containerId).inspect());
    return {
      exitCode: State.ExitCode,
      outOfMemory: State.OOMKilled,
      error: State.Error ?? "",
      startedAt: timeOf(State.StartedAt),
      finishedAt: timeOf(State.FinishedAt),
    };
  }

  async remove(containerId: string): Promise<void> {
    const container = this.#docker.getContainer(containerId);
    const holder = await this.#holderOf(containerId).catch(() => undefined);
    this.#isolated.delete(containerId);
    // 409: its removal is under way already. Its place is free only once it has been seen gone.
    await settled(container.remove({ force: true, v: true }), [404, 409]);
    for (let look = 0; look < removalLooks; look++) {
      const gone = await container.inspect().then(
        () => false,
        (error: EngineFault) => error.statusCode === 404,
      );
      if (gone) {
        if (holder !== undefined) await this.#spares.remove(holder).catch(() => {});
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, removalPauseMs));
    }
    throw new RuntimeError("engine_error", "The engine does not remove the container.");
  }

  async watch(
    handlers: { onOpen(): void; onChange(instanceId: string): void },
    signal: AbortSignal,
  ): Promise<void> {
    const filters = {
      type: ["container"],
      label: [`asci.installation=${this.#own.installationId}`, `asci.node=${this.#own.nodeId}`],
      event: ["die", "destroy", "oom", "pause", "unpause"],
    };
    // The signal ends the call as well while it is not answered yet.
    const options = { filters: JSON.stringify(filters), abortSignal: signal };
    const stream = (await guarded(this.#events.getEvents(options as object))) as Readable;
    try {
      handlers.onOpen();
      await readEvents(stream, handlers.onChange);
    } finally {
      stream.destroy();
    }
  }
}

/** The engine writes the year 1 for what has not happened. */
function timeOf(text: string): Date | null {
  const time = new Date(text);
  return time.getFullYear() > 1 ? time : null;
}

async function readEvents(stream: Readable, onChange: (instanceId: string) => void): Promise<void> {
  try {
    for await (const line of jsonLines(stream)) {
      const event = line as { Actor?: { Attributes?: Record<string, string> } };
      const instanceId = event.Actor?.Attributes?.["asci.instance"];
      if (instanceId) onChange(instanceId);
    }
  } catch {
    // A stream that broke and one that ended mean the same: list anew and watch again.
  }
}
