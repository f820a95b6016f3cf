/** The database of a cluster, which every node reaches over its own link. */
import postgres from "postgres";
import { migrate } from "../../db/migrate.ts";
import { addNode, provisionControlPlane } from "../../db/provision.ts";
import type { AddedNode, ControlPlane } from "../../db/provision.ts";
import type { DataFolder, Secrets } from "../data-folder.ts";
import { setUpAdmin } from "../database-setup.ts";
import { embeddedDatabase } from "../embedded-database.ts";
import { generatePassword } from "../postgres.ts";
import type { Settings } from "../settings.ts";
import type { Part } from "../supervise.ts";
import { until } from "../until.ts";
import type { NodeNetwork } from "./network.ts";
import type { NodeWish } from "./node.ts";
import { runDirOfNode } from "./remains.ts";

export interface ClusterDatabase {
  readonly ownerUrl: string;
  readonly secrets: Secrets;
  readonly control: ControlPlane;
  readonly added: readonly AddedNode[];
}

/** It goes with the cluster, so nothing is flushed to the disk. */
export function clusterDatabase(
  folder: DataFolder,
  options: {
    readonly secrets: Secrets;
    readonly networks: readonly NodeNetwork[];
    onLine(line: string): void;
  },
): { part: Part; url: Promise<string> } {
  const clients = options.networks.map((it) => ({ address: it.hostAddress, network: it.subnet }));
  const { databaseOwner } = options.secrets;
  return embeddedDatabase(folder, databaseOwner, options.onLine, { clients, durable: false });
}

/** Schema, logins for every part of every node, and the first account. */
export async function setUpCluster(
  ownerUrl: string,
  options: {
    readonly nodes: readonly NodeWish[];
    /** One for each node, in their order. */
    readonly networks: readonly NodeNetwork[];
    readonly secrets: Secrets;
    readonly settings: Settings;
  },
): Promise<ClusterDatabase> {
  const { nodes, networks, secrets, settings } = options;
  await migrate(ownerUrl);
  const control = await provisionControlPlane(ownerUrl, secrets.logins);
  const added: AddedNode[] = [];
  for (const [at, network] of networks.entries())
    added.push(await addTo(ownerUrl, nodes[at]?.name ?? "", network));
  await setUpAdmin(ownerUrl, settings);
  return { ownerUrl, secrets, control, added };
}

async function addTo(ownerUrl: string, nodeName: string, network: NodeNetwork): Promise<AddedNode> {
  const runDir = runDirOfNode(network.name);
  const added = await addNode(ownerUrl, {
    secrets: { node: generatePassword(), relay: generatePassword() },
    address: () => ({
      nodeName,
      relayUrl: `unix:${runDir}/relay.sock`,
      controllerUrl: `unix:${runDir}/controller.sock`,
    }),
  });
  const fromThere = (url: string): string => {
    const own = new URL(url);
    own.hostname = network.hostAddress;
    return own.href;
  };
  const { node, relay } = added.urls;
  return { ...added, urls: { node: fromThere(node), relay: fromThere(relay) } };
}

/** Waits until each has reported, and gives it its labels beside those that its controller reports. */
export async function untilNodesAreReady(
  ownerUrl: string,
  nodes: readonly NodeWish[],
): Promise<void> {
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => undefined });
  try {
    await until("every node is ready", async () => {
      const waiting = await sql`select from nodes where not ready`;
      return waiting.length === 0;
    });
    for (const { name, labels } of nodes)
      if (labels !== undefined)
        await sql`update nodes set labels = labels || ${sql.json(labels)} where name = ${name}`;
  } finally {
    await sql.end();
  }
}
