/**
 * The packet filter in front of a node's desktops. Their bridge may reach other networks, and neither
 * this host nor ASCI's parts, cloud metadata, or a neighbour.
 *
 * The rules stand in the table mangle, chain PREROUTING: everything a desktop sends passes there,
 * before a published port is redirected (so its address is still what the desktop wrote) and before
 * any rule of the site's or of the engine's that accepts. An engine that restarts, with whichever
 * filter of its own, does not touch them. A site's exceptions go into the chain `ASCI-SITE`, which is
 * asked first and never emptied by ASCI: `iptables -t mangle -A ASCI-SITE -d ADDRESS -j ACCEPT`.
 */
import { isIPv4 } from "node:net";

export type FirewallFault =
  | "iptables_missing"
  /** Without the right to change the host's packet filter. */
  | "forbidden"
  /** The engine's bridge is no interface of this host. */
  | "bridge_elsewhere"
  /** The kernel does not show traffic within a bridge to the packet filter. */
  | "bridge_unfiltered"
  | "bad_input"
  | "failed";

/** Desktops cannot be kept apart; the message is a sentence that says what to do. */
export class FirewallError extends Error {
  readonly code: FirewallFault;
  constructor(code: FirewallFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "FirewallError";
    this.code = code;
  }
}

/** What the rules of one installation on one node are made from. */
export interface FirewallInputs {
  readonly installationId: string;
  /** The interface of the desktops' bridge. */
  readonly bridge: string;
  /** The bridge's IPv4 networks, like `172.18.0.0/16`. */
  readonly subnets: readonly string[];
  /** Resolvers: their port 53 stays open, even at an address of this host or in a closed range. */
  readonly nameservers: readonly string[];
  /** ASCI's parts on other hosts, e.g. its database: IPv4 address and TCP port. */
  readonly parts: readonly { readonly address: string; readonly port: number }[];
}

/** Rules as `iptables -t mangle -S` shows them: the jump in PREROUTING, and the chain it leads to. */
export interface Ruleset {
  readonly chain: string;
  readonly jump: string;
  readonly rules: readonly string[];
}

export type Family = "ipv4" | "ipv6";

const siteChain = "ASCI-SITE";

/**
 * Where clouds keep what a machine may know and its users may not: link-local metadata addresses,
 * Alibaba's, Azure's and Oracle's old one.
 */
const metadata = ["169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32"];

/** `asci-<8>`: an interface's name ends at 15 characters. */
export function bridgeName(installationId: string): string {
  return `asci-${shortId(installationId)}`;
}

function chainName(installationId: string): string {
  return `ASCI-${shortId(installationId)}`;
}

function shortId(installationId: string): string {
  const short = installationId.slice(0, 8);
  if (!/^[0-9a-f]{8}$/.test(short)) throw bad("installation id", installationId);
  return short;
}

function bad(what: string, value: string): FirewallError {
  return new FirewallError(
    "bad_input",
    `No packet filter rule can be made from this ${what}: ${value}`,
  );
}

/**
 * The rules for one installation.
 * @throws FirewallError `bad_input`
 */
export function firewallRules(inputs: FirewallInputs): Record<Family, Ruleset> {
  if (!/^[\w.-]{1,15}$/.test(inputs.bridge)) throw bad("interface", inputs.bridge);
  const chain = chainName(inputs.installationId);
  const jump = `-A PREROUTING -i ${inputs.bridge} -j ${chain}`;
  const add = (rule: string) => `-A ${chain} ${rule}`;
  return {
    ipv4: { chain, jump, rules: [...allowed(inputs), ...dropped(inputs)].map(add) },
    // The bridge has no IPv6: whatever speaks it there was not asked to.
    ipv6: { chain, jump, rules: [add("-j DROP")] },
  };
}

function allowed({ nameservers }: FirewallInputs): string[] {
  return [
    // Answers to what was opened from outside. Never what a desktop opened itself: a connection that
    // slipped through while rules were missing ends when they are back.
    "-m conntrack --ctstate RELATED,ESTABLISHED --ctdir REPLY -j RETURN",
    `-j ${siteChain}`,
    ...nameservers.flatMap((address) =>
      ["udp", "tcp"].map((it) => `-d ${host(address)} -p ${it} -m ${it} --dport 53 -j RETURN`),
    ),
  ];
}

function dropped({ subnets, parts }: FirewallInputs): string[] {
  return [
    // Every address of this host, whatever its interface, and broadcast and multicast.
    "-m addrtype ! --dst-type UNICAST -j DROP",
    ...metadata.map((range) => `-d ${range} -j DROP`),
    ...subnets.map((subnet) => `-d ${network(subnet)} -j DROP`),
    ...parts.map(
      ({ address, port }) =>
        `-d ${host(address)} -p tcp -m tcp --dport ${checkedPort(port)} -j DROP`,
    ),
  ];
}

function host(address: string): string {
  if (!isIPv4(address)) throw bad("address", address);
  return `${address}/32`;
}

function network(subnet: string): string {
  const [address = "", bits = ""] = subnet.split("/");
  if (!isIPv4(address) || !/^([1-9]|[12]\d|3[0-2])$/.test(bits)) throw bad("network", subnet);
  return subnet;
}

function checkedPort(port: number): number {
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw bad("port", String(port));
  return port;
}

const jumpOfOurs = /^-A PREROUTING .*-j ASCI-[0-9a-f]{8}$/;

/** Rules of other programs that stand before ours could accept what ours drop. */
function isFirst(shown: readonly string[], jump: string): boolean {
  for (const line of shown.filter((it) => it.startsWith("-A PREROUTING "))) {
    if (line === jump) return true;
    if (!jumpOfOurs.test(line)) return false;
  }
  return false;
}

/**
 * What `iptables-restore --noflush` must be given so that `wanted` holds, as one transaction.
 * @param shown the lines of `iptables -t mangle -S`
 * @returns undefined where it holds already
 */
export function restoreScript(wanted: Ruleset, shown: readonly string[]): string | undefined {
  const { chain, jump, rules } = wanted;
  const jumps = shown.filter(
    (it) => it.startsWith("-A PREROUTING ") && it.endsWith(` -j ${chain}`),
  );
  const present = shown.filter((it) => it.startsWith(`-A ${chain} `));
  const jumpsRight = jumps.length === 1 && isFirst(shown, jump);
  const same = present.length === rules.length && present.every((it, at) => it === rules[at]);
  if (jumpsRight && same) return undefined;
  return [
    "*mangle",
    // Naming a chain empties it, so the site's is named only where it is to be made.
    `:${chain} - [0:0]`,
    ...(shown.includes(`-N ${siteChain}`) ? [] : [`:${siteChain} - [0:0]`]),
    ...rules,
    ...(jumpsRight ? [] : [...jumps.map((it) => it.replace(/^-A/, "-D")), atTop(jump)]),
    "COMMIT",
    "",
  ].join("\n");
}

function atTop(jump: string): string {
  return jump.replace("-A PREROUTING", "-I PREROUTING 1");
}

/** What takes one installation's rules away; undefined where there are none. */
export function removalScript(
  installationId: string,
  shown: readonly string[],
): string | undefined {
  const chain = chainName(installationId);
  if (!shown.includes(`-N ${chain}`)) return undefined;
  const jumps = shown.filter(
    (it) => it.startsWith("-A PREROUTING ") && it.endsWith(` -j ${chain}`),
  );
  const siteUnused = !shown.some(
    (it) => it.endsWith(` -j ${siteChain}`) && !it.startsWith(`-A ${chain} `),
  );
  const siteEmpty = !shown.some((it) => it.startsWith(`-A ${siteChain} `));
  return [
    "*mangle",
    ...jumps.map((it) => it.replace(/^-A/, "-D")),
    `-F ${chain}`,
    `-X ${chain}`,
    ...(siteUnused && siteEmpty && shown.includes(`-N ${siteChain}`) ? [`-X ${siteChain}`] : []),
    "COMMIT",
    "",
  ].join("\n");
}
