/** A whole installation of several nodes on one machine, each with a network, an engine and processes of its own. */
import { Failure } from "../failure.ts";
import type { Settings } from "../settings.ts";
import type { ImageStoreOptions } from "./image-store.ts";
import { Making } from "./making.ts";
import { mostNodes } from "./network.ts";
import type { ClusterNode, NodeWish } from "./node.ts";
import { removeLeftoverClusters } from "./remains.ts";
import { unlessAborted } from "./unless-aborted.ts";

export interface ClusterOptions {
  readonly nodes: readonly NodeWish[];
  /** `dataDir` is the cluster's own folder, and goes with it. */
  readonly settings: Settings;
  /** What the nodes' engines have from the start. */
  readonly images: ImageStoreOptions;
  /**
   * Runs before the nodes start, so that they tell from the first of which versions they have the images.
   * @param ownerUrl a connection as the database's owner
   */
  fillCatalogue?(ownerUrl: string): Promise<void>;
  /** The built pages; default: none. */
  readonly uiDir?: string;
  /** How long a node may be silent before what stands on it counts as lost; default 60. */
  readonly lostSeconds?: number;
  /** Ends the start. */
  readonly signal?: AbortSignal;
  /** What a person should hear of. */
  onLine(line: string): void;
}

export interface Cluster {
  readonly url: string;
  /** A connection as the database's owner. */
  readonly ownerUrl: string;
  readonly nodes: readonly ClusterNode[];
  /** Everything goes: processes, containers, networks, folders. */
  stop(): Promise<void>;
}

/**
 * Starts a cluster, after clearing away those that were killed. The database is not written to the disk
 * with care: it goes with the cluster.
 * @throws Failure; then nothing is left of it
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  checkNodes(options.nodes);
  await removeLeftoverClusters();
  const making = new Making(options);
  try {
    return await unlessAborted(options.signal, making.start());
  } catch (error) {
    await making.stop();
    throw error;
  }
}

/** @throws Failure `usage` */
function checkNodes(nodes: readonly NodeWish[]): void {
  const names = nodes.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined)
    throw new Failure("usage", `Two nodes are called ${twice}: give each a name of its own.`);
  const odd = names.find((name) => !/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/.test(name));
  if (odd !== undefined)
    throw new Failure(
      "usage",
      `"${odd}" is no name for a node: give small letters, digits, dots and hyphens.`,
    );
  if (nodes.length === 0 || nodes.length > mostNodes)
    throw new Failure("usage", `A cluster has 1 to ${mostNodes} nodes, and not ${nodes.length}.`);
}
