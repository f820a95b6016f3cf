import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import type { Peer } from "../deps.ts";

/** @throws Error naming an entry that is neither an address nor a CIDR block */
export function parseProxies(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", bits] = entry.split("/");
    const family = isIP(address);
    const width = family === 4 ? 32 : 128;
    const prefix = bits === undefined ? width : Number(bits);
    if (family === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > width)
      throw new Error(
        `ASCI_TRUSTED_PROXIES: "${entry}" is neither an address nor a block like 10.0.0.0/8`,
      );
    list.addSubnet(address, prefix, family === 4 ? "ipv4" : "ipv6");
  }
  return list;
}

const unmapped = (address: string) => address.replace(/^::ffff:(?=\d+\.)/, "");

function trusts(proxies: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && proxies.check(address, family === 4 ? "ipv4" : "ipv6");
}

const one = (value: string | string[] | undefined) =>
  (Array.isArray(value) ? value[0] : value)?.trim();

/**
 * Tells who asks, and under which origin browsers see this gateway. What a proxy says of the client
 * counts only where the proxy is trusted; of a chain, the last address that is not a proxy's.
 */
export function createPeerOf(
  proxies: BlockList,
  publicOrigin: string | undefined,
): (request: IncomingMessage) => Peer {
  return (request) => {
    const direct = unmapped(request.socket.remoteAddress ?? "");
    const behindProxy = trusts(proxies, direct);
    const hops = behindProxy
      ? (one(request.headers["x-forwarded-for"]) ?? "").split(",").map((it) => unmapped(it.trim()))
      : [];
    const client = hops.findLast((it) => isIP(it) !== 0 && !trusts(proxies, it));
    const proto = behindProxy ? one(request.headers["x-forwarded-proto"]) : undefined;
    const host = (behindProxy && one(request.headers["x-forwarded-host"])) || request.headers.host;
    return {
      address: (client ?? direct) || null,
      origin: publicOrigin ?? `${proto === "https" ? "https" : "http"}://${host ?? "localhost"}`,
    };
  };
}
