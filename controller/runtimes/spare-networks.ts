/** Networks of desktops, made before somebody waits for them. */
import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import { settled, type EngineFault } from "./docker-faults.ts";
import { holderOptions, networkHolderOf, type Ownership } from "./docker-options.ts";
import { importHolderImage } from "./holder-image.ts";

const ownerLabel = "asci.network";
const nodeLabel = "asci.network.node";

/**
 * An engine takes longer to give a container a network than for all else of its start. A spare is a
 * container that does nothing but have one, which a desktop then joins: it is used by one container,
 * and goes with it.
 */
export class SpareNetworks {
  readonly #docker: Docker;
  readonly #own: Ownership;
  readonly #wanted: number;
  #spares: string[] = [];
  /** Somebody is about to join them. */
  readonly #lent = new Set<string>();
  #filling: Promise<string[]> | undefined;
  #closed = false;

  /** @param wanted how many stand ready; 0: none */
  constructor(docker: Docker, own: Ownership, wanted: number) {
    this.#docker = docker;
    this.#own = own;
    this.#wanted = wanted;
  }

  /** How many stand ready. */
  get count(): number {
    return this.#spares.length;
  }

  /**
   * Has a container made that joins a spare network.
   * @param make gets the id of the container to join; undefined where none stands ready
   */
  async lend<T>(make: (holder: string | undefined) => Promise<T>): Promise<T> {
    const id = this.#spares.shift();
    if (id === undefined) return make(undefined);
    this.#lent.add(id);
    try {
      return await make(id);
    } catch (error) {
      await this.remove(id).catch(() => {});
      throw error;
    } finally {
      this.#lent.delete(id);
    }
  }

  /** The engine was away: what stood ready may be gone. The next `fill` clears away what is not. */
  forget(): void {
    this.#spares = [];
  }

  /**
   * Clears away what is nobody's, and makes what is missing.
   * @returns ids of running desktops whose network has ended, by whoever's hand
   * @throws the engine's errors
   */
  fill(): Promise<string[]> {
    this.#filling ??= this.#fill().finally(() => (this.#filling = undefined));
    return this.#filling;
  }

  /** Removes what was not taken; waits for those being made. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#filling?.catch(() => {});
    await Promise.allSettled(this.#spares.splice(0).map((id) => this.remove(id)));
  }

  async #fill(): Promise<string[]> {
    const cutOff = await this.#clear();
    while (!this.#closed && this.#spares.length < this.#wanted) {
      const id = await this.#make();
      if (id === undefined) break;
      this.#spares.push(id);
    }
    return cutOff;
  }

  async #clear(): Promise<string[]> {
    const list = (label: string[]) =>
      this.#docker.listContainers({ all: true, filters: { label } });
    const { installationId, nodeId } = this.#own;
    const holders = await list([`${ownerLabel}=${installationId}`, `${nodeLabel}=${nodeId}`]);
    const running = new Set(holders.flatMap((it) => (it.State === "running" ? [it.Id] : [])));
    this.#spares = this.#spares.filter((id) => running.has(id));
    const idle = holders.filter((it) => !this.#spares.includes(it.Id) && !this.#lent.has(it.Id));
    // Listed only now: whoever has joined one by this moment is among them.
    const desktops = await list([`asci.installation=${installationId}`, `asci.node=${nodeId}`]);
    const joined = desktops.map((it) => networkHolderOf(it.HostConfig.NetworkMode));
    for (const { Id } of idle) if (!joined.includes(Id)) await this.remove(Id);
    return desktops.flatMap(({ State, Labels }, at) => {
      const holder = joined[at];
      const lives = State === "running" || State === "paused";
      return lives && holder !== undefined && !running.has(holder)
        ? [Labels["asci.instance"] ?? ""]
        : [];
    });
  }

  /** @returns undefined where the engine's architecture has no image for it */
  async #make(): Promise<string | undefined> {
    const { installationId, nodeId } = this.#own;
    const options = {
      ...holderOptions(this.#own),
      name: `asci_network_${randomBytes(6).toString("hex")}`,
      Labels: { [ownerLabel]: installationId, [nodeLabel]: nodeId },
    };
    const create = () => this.#docker.createContainer(options);
    const container = await create().catch(async (error: unknown) => {
      if ((error as EngineFault).statusCode !== 404) throw error;
      return (await importHolderImage(this.#docker)) ? create() : undefined;
    });
    if (container === undefined) return undefined;
    try {
      await container.start();
    } catch (error) {
      await this.remove(container.id).catch(() => {});
      throw error;
    }
    return container.id;
  }

  /** For one whose container is gone. What is not removed by it the next `fill` finds. */
  async remove(id: string): Promise<void> {
    // 404, 409: it is gone, or on its way.
    await settled(this.#docker.getContainer(id).remove({ force: true }), [404, 409]);
  }
}

/** All of an installation, used or not. Nothing where the engine has none. */
export async function removeNetworkHolders(docker: Docker, installationId: string): Promise<void> {
  const label = [`${ownerLabel}=${installationId}`];
  const found = await docker.listContainers({ all: true, filters: { label } });
  await Promise.all(
    found.map((it) => settled(docker.getContainer(it.Id).remove({ force: true }), [404, 409])),
  );
}
