/** The bridge that all desktops of a node share, and what the packet filter must know of it. */
import { lookup } from "node:dns/promises";
import { access, readFile, writeFile } from "node:fs/promises";
import { isIPv4 } from "node:net";
import type Docker from "dockerode";
import type { NetworkInspectInfo } from "dockerode";
import { FirewallError, type FirewallInputs } from "../firewall-rules.ts";
import { bridgeOption, networkOptions, type Ownership } from "./docker-options.ts";

const bridgeFilter = "/proc/sys/net/bridge/bridge-nf-call-iptables";
// The engine hands the second to containers where the first names systemd's own resolver only.
const resolverFiles = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];
const defaultPorts: Record<string, number> = { "http:": 80, "https:": 443 };
const postgresPort = 5432;

/**
 * Makes the network where there is none, and says what its rules are made from. One that somebody
 * else made, or an earlier ASCI, is taken with the interface that it has.
 * @throws FirewallError where its traffic cannot be filtered from here; else the engine's errors
 */
export async function ensureNetwork(docker: Docker, own: Ownership): Promise<FirewallInputs> {
  const found = await findNetwork(docker, own.network);
  const info = found ?? (await createNetwork(docker, own));
  const bridge = bridgeOf(info);
  await checkBridge(bridge);
  return {
    installationId: own.installationId,
    bridge,
    subnets: (info.IPAM?.Config ?? []).flatMap(({ Subnet }) =>
      isIPv4(Subnet?.split("/")[0] ?? "") ? [Subnet ?? ""] : [],
    ),
    nameservers: await nameserversOf(resolverFiles),
    parts: (await Promise.all((own.parts ?? []).map(addressesOf))).flat(),
  };
}

async function findNetwork(docker: Docker, name: string): Promise<NetworkInspectInfo | undefined> {
  try {
    return (await docker.getNetwork(name).inspect()) as NetworkInspectInfo;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

async function createNetwork(docker: Docker, own: Ownership): Promise<NetworkInspectInfo> {
  try {
    await docker.createNetwork(networkOptions(own));
  } catch (error) {
    // Another one was faster; or it cannot be made, and then it is not there either.
    const other = await findNetwork(docker, own.network);
    if (other) return other;
    throw error;
  }
  const made = await findNetwork(docker, own.network);
  if (!made) throw new Error(`the network ${own.network} was removed as soon as it was made`);
  return made;
}

function bridgeOf(info: NetworkInspectInfo): string {
  if (info.Driver !== "bridge") {
    throw new FirewallError(
      "bridge_elsewhere",
      `The Docker network ${info.Name} is no bridge: remove it (docker network rm ${info.Name}), ASCI makes it anew.`,
    );
  }
  // The engine's own choice where no name was asked for.
  return info.Options?.[bridgeOption] ?? `br-${info.Id.slice(0, 12)}`;
}

/** Rules on a host that the desktops' packets do not pass would look right and hold nothing. */
async function checkBridge(bridge: string): Promise<void> {
  if (!(await bridgeExists(bridge))) {
    throw new FirewallError(
      "bridge_elsewhere",
      `The engine's bridge ${bridge} is not on this host: run the controller where its engine runs.`,
    );
  }
  const seen = await readFile(bridgeFilter, "utf8").catch(() => "");
  if (seen.trim() === "1") return;
  await writeFile(bridgeFilter, "1").catch((error: unknown) => {
    throw new FirewallError(
      "bridge_unfiltered",
      "Desktops cannot be kept apart: load the kernel's module br_netfilter (modprobe br_netfilter).",
      { cause: error },
    );
  });
}

/** Whether an interface of that name is in this process's network; /sys shows its mounter's. */
export function bridgeExists(bridge: string): Promise<boolean> {
  return access(`/proc/sys/net/ipv4/conf/${bridge}`).then(
    () => true,
    () => false,
  );
}

/** IPv4 resolvers that containers ask directly; those on the loopback are asked by the engine. */
async function nameserversOf(files: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(files.map((it) => readFile(it, "utf8").catch(() => "")));
  const named = texts.flatMap((text) =>
    [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1] ?? ""),
  );
  return [...new Set(named)].filter((it) => isIPv4(it) && !it.startsWith("127."));
}

/** Addresses and port of a part, from its URL; none for a unix socket. */
async function addressesOf(url: string): Promise<{ address: string; port: number }[]> {
  const { hostname, port, protocol } = new URL(url);
  if (protocol === "unix:" || hostname === "") return [];
  const found = await lookup(hostname.replace(/^\[|\]$/g, ""), { all: true }).catch(
    (error: unknown) => {
      throw new FirewallError(
        "failed",
        `Desktops cannot be kept from ${hostname}: its name is not resolved.`,
        { cause: error },
      );
    },
  );
  return found
    .filter(({ address, family }) => family === 4 && !address.startsWith("127."))
    .map(({ address }) => ({
      address,
      port: Number(port) || (defaultPorts[protocol] ?? postgresPort),
    }));
}
