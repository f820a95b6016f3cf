/** One node of a cluster: a network, an engine in it, a controller and a relay. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { AddedNode } from "../../db/provision.ts";
import { nodeParts } from "../parts.ts";
import type { NodeContext, PartHost } from "../parts.ts";
import type { Part, Supervised } from "../supervise.ts";
import { prepareEngine, type EngineProcess } from "./engine.ts";
import { storeSettings } from "./image-store.ts";
import { cutLink, mendLink, type NodeNetwork } from "./network.ts";
import { runDirOfNode } from "./remains.ts";

export interface NodeWish {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface ClusterNode extends NodeWish {
  readonly id: string;
  readonly network: NodeNetwork;
  readonly engine: EngineProcess;
  readonly runDir: string;
  readonly controller: Supervised;
  readonly relay: Supervised;
  /** From everybody but this machine's file system: the database does not hear of it any more. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** Where an engine's log and settings lie, and its images and containers. */
export interface EngineFolder {
  readonly folder: string;
  readonly dataRoot: string;
}

/** In the folder of a cluster. */
export function nodeFolder(root: string, { name }: NodeNetwork): EngineFolder {
  const folder = join(root, "nodes", name);
  return { folder, dataRoot: join(folder, "data") };
}

export function nodeEngine(network: NodeNetwork, paths: EngineFolder): Promise<EngineProcess> {
  return prepareEngine({
    ...paths,
    name: network.name,
    execRoot: join(runDirOfNode(network.name), "e"),
    network: network.path,
    settings: {
      ...storeSettings,
      // A tree of its own, which goes when the node does; systemd would want another form of name.
      "cgroup-parent": `/${network.name}`,
      "exec-opts": ["native.cgroupdriver=cgroupfs"],
    },
  });
}

/** Starts controller and relay in the node's network, where its engine runs. */
export async function startNode(
  host: PartHost,
  context: Pick<NodeContext, "settings" | "relayUser"> & {
    readonly wish: NodeWish;
    readonly added: AddedNode;
    readonly network: NodeNetwork;
    readonly engine: EngineProcess;
    supervise(part: Part): Supervised;
  },
): Promise<ClusterNode> {
  const { settings, relayUser, wish, added, network, engine, supervise } = context;
  const runDir = runDirOfNode(network.name);
  // Others may pass through to what they know the name of, and list nothing.
  await mkdir(runDir, { recursive: true, mode: 0o711 });
  const apart = { name: wish.name, network: network.path, engineUrl: engine.url };
  const parts = nodeParts(host, { settings, relayUser, node: added, runDir, apart });
  return {
    ...wish,
    id: added.nodeId,
    network,
    engine,
    runDir,
    relay: supervise(parts.relay),
    controller: supervise(parts.controller),
    cut: () => cutLink(network.name),
    mend: () => mendLink(network.name),
  };
}
