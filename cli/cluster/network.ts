/** A network for each node of a cluster on one machine, with one link to the machine that can be cut. */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { promisify } from "node:util";
import { systemPath } from "../../images/host.ts";
import { Failure, systemCode } from "../failure.ts";

const run = promisify(execFile);

/** A node's network namespace, and the pair of interfaces (veth(4)) between it and the machine's own. */
export interface NodeNetwork {
  /** Of the namespace, of the machine's end of the link, and of all else that belongs to one node. */
  readonly name: string;
  /** The namespace as a file. */
  readonly path: string;
  /** At the machine's end: where the node reaches the database. */
  readonly hostAddress: string;
  readonly nodeAddress: string;
  /** Both addresses, and no other. */
  readonly subnet: string;
}

const namespaces = "/run/netns";
/** Of the range for measurements between networks (RFC 2544): nobody's. */
const range = "198.18";
const uplink = "uplink";
/** In each of 256 parts of the range. */
export const mostNodes = 60;

/** Four hexadecimal digits; an interface's name ends at 15 characters. */
export function nodeNetwork(clusterId: string, part: number, index: number): NodeNetwork {
  const name = `asci-${clusterId}-${index}`;
  const first = index * 4;
  return {
    name,
    path: `${namespaces}/${name}`,
    hostAddress: `${range}.${part}.${first + 1}`,
    nodeAddress: `${range}.${part}.${first + 2}`,
    subnet: `${range}.${part}.${first}/30`,
  };
}

/** A part of the range that no interface of this machine has an address in. */
export async function freePart(): Promise<number> {
  const shown = await ip("-o", "-4", "addr", "show");
  const taken = new Set(
    [...shown.matchAll(/inet 198\.18\.(\d+)\./g)].map((match) => Number(match[1])),
  );
  for (let part = 0; part < 256; part++) if (!taken.has(part)) return part;
  throw new Failure("settings", `Every network in ${range}.0.0/16 is taken on this machine.`);
}

/** @throws Failure `program_missing`, `forbidden` where not even root may make a network */
export async function makeNetwork(network: NodeNetwork): Promise<void> {
  const { name, hostAddress, nodeAddress } = network;
  await ip("netns", "add", name).catch((error: unknown) => {
    if (!/not permitted|denied/i.test(String(error))) throw error;
    throw new Failure(
      "forbidden",
      "This machine does not let root make network namespaces: run the cluster where it may, not in a container.",
      { cause: error },
    );
  });
  await ip("link", "add", name, "type", "veth", "peer", "name", uplink, "netns", name);
  await ip("addr", "add", `${hostAddress}/30`, "dev", name);
  await ip("link", "set", name, "up");
  await ip("-n", name, "addr", "add", `${nodeAddress}/30`, "dev", uplink);
  await ip("-n", name, "link", "set", "lo", "up");
  await ip("-n", name, "link", "set", uplink, "up");
  await ip("-n", name, "route", "add", "default", "via", hostAddress);
}

/** As if its cable were pulled out: what is sent over it is lost, and nobody is told. */
export async function cutLink(name: string): Promise<void> {
  await ip("link", "set", name, "down");
}

export async function mendLink(name: string): Promise<void> {
  await ip("link", "set", name, "up");
}

/** The command line that runs a program in a network; undefined: in ours. */
export function withinNetwork(
  path: string | undefined,
  argv: readonly [string, ...string[]],
): [string, ...string[]] {
  // Not `ip netns exec`: it mounts another /sys, in which an engine finds no cgroups.
  return path === undefined ? [...argv] : ["/usr/bin/nsenter", `--net=${path}`, "--", ...argv];
}

/** Of all clusters, with the cluster that each belongs to. */
export async function listNetworks(): Promise<{ clusterId: string; name: string }[]> {
  const names = await readdir(namespaces).catch(() => []);
  return names.flatMap((name) => {
    const [, clusterId] = /^asci-([0-9a-f]{4})-\d+$/.exec(name) ?? [];
    return clusterId === undefined ? [] : [{ clusterId, name }];
  });
}

/** With the link; the processes that stand in it must have ended. */
export async function removeNetwork(name: string): Promise<void> {
  await ip("link", "delete", name).catch(() => undefined);
  await ip("netns", "delete", name);
}

async function ip(...args: string[]): Promise<string> {
  try {
    const env = { PATH: systemPath(), LC_ALL: "C" };
    return (await run("ip", args, { env })).stdout;
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    throw new Failure("program_missing", "The program ip is missing: install iproute2.", {
      cause: error,
    });
  }
}
