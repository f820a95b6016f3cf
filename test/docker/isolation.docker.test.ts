import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { applyFirewall, removeFirewall } from "../../controller/firewall.ts";
import { bridgeName, type FirewallInputs } from "../../controller/firewall-rules.ts";
import { networkHolderOf } from "../../controller/runtimes/docker-options.ts";
import { until } from "../browser.ts";
import { execIn } from "../containers.ts";
import { createTestNode, docker, type TestNode } from "../node.ts";
import {
  createOutside,
  greeting,
  listenOnHost,
  system,
  type Listener,
  type Outside,
} from "../outside.ts";

const listenPort = 7000;

let node: TestNode;
let host: Listener;
let outside: Outside;
let database: { server: Server; port: number };
let desktops: Place[];
/** Two on a network as anybody makes it: what is closed to a desktop must be open to these. */
let plain: Place[];
let plainNetwork: Docker.Network;
let published: number;
const made: Docker.Container[] = [];

interface Place {
  readonly id: string;
  readonly address: string;
  readonly gateway: string;
  /** Its network was made before it. */
  readonly joined: boolean;
}

/** `tcp`, `udp`, or `pg`: asks whether TLS is spoken, and Postgres says yes or no with one letter. */
type Target = readonly [kind: "tcp" | "udp" | "pg", address: string, port: number];

// Each in the background, so that a dozen closed ones cost the limit once.
const probe = `
  limit=$1; shift
  try() {
    case $1 in
      pg) say='\\0\\0\\0\\010\\004\\322\\026/'; way=tcp; count=1 ;;
      *) say=hello; way=$1; count=${greeting.length} ;;
    esac
    heard=$(timeout "$limit" bash -c 'exec 3<>"/dev/$0/$1/$2" && printf "$3" >&3 && head -c "$4" <&3' \\
      "$way" "$2" "$3" "$say" "$count" 2>/dev/null)
    case $heard in ${greeting}|N|S) echo "$1 $2 $3" ;; esac
  }
  while [ $# -gt 0 ]; do try "$1" "$2" "$3" & shift 3; done
  wait`;

/** @returns those that answered */
async function reached(place: Place, targets: readonly Target[], limitS = 3): Promise<string[]> {
  const args = targets.flatMap((it) => it.map(String));
  const said = await execIn(place.id, ["bash", "-c", probe, "probe", String(limitS), ...args]);
  return said.toString().split("\n").filter(Boolean).toSorted();
}

const named = (targets: readonly Target[]) => targets.map((it) => it.join(" ")).toSorted();

async function placeOf(id: string): Promise<Place> {
  const { NetworkSettings, HostConfig } = await docker.getContainer(id).inspect();
  const holder = networkHolderOf(HostConfig.NetworkMode);
  if (holder !== undefined) return { ...(await placeOf(holder)), id, joined: true };
  const [network] = Object.values(NetworkSettings.Networks);
  if (!network) throw new Error("a container without a network");
  return { id, address: network.IPAddress, gateway: network.Gateway, joined: false };
}

async function startPlain(options: Docker.ContainerCreateOptions = {}): Promise<Place> {
  const { Image } = await docker.getContainer(desktops[0]!.id).inspect();
  const container = await docker.createContainer({
    Image,
    Entrypoint: ["sleep", "3600"],
    Labels: { "asci.test": "isolation" },
    ...options,
    HostConfig: { Init: true, NetworkMode: plainNetwork.id, ...options.HostConfig },
  });
  made.push(container);
  await container.start();
  return placeOf(container.id);
}

async function startDesktop(): Promise<Place> {
  const id = await node.start();
  await node.untilState(id, "running");
  const [container] = await node.containers(id);
  return placeOf(container!.Id);
}

/** Perl is in every Debian. */
const listenScript = `
  use IO::Socket::INET;
  if (fork) {
    my $tcp = IO::Socket::INET->new(Listen => 9, LocalPort => ${listenPort}, ReuseAddr => 1) or die;
    while (my $one = $tcp->accept) { print $one "${greeting}\\n"; close $one }
  } else {
    my $udp = IO::Socket::INET->new(Proto => "udp", LocalPort => ${listenPort}) or die;
    while ($udp->recv(my $said, 100)) { $udp->send("${greeting}\\n") }
  }`;

async function listenIn(place: Place): Promise<void> {
  const exec = await docker.getContainer(place.id).exec({ Cmd: ["perl", "-e", listenScript] });
  await exec.start({ Detach: true });
  const own: Target[] = [
    ["tcp", "127.0.0.1", listenPort],
    ["udp", "127.0.0.1", listenPort],
  ];
  await until("it listens", async () => (await reached(place, own)).length === own.length);
}

/** Stands for a Postgres that listens on all addresses: the real one of this run is behind it. */
async function forwardPostgres(): Promise<{ server: Server; port: number }> {
  const url = new URL(inject("postgresUrl"));
  const server = createServer((socket) => {
    const upstream = connect(Number(url.port), url.hostname);
    for (const [one, other] of [[socket, upstream] as const, [upstream, socket] as const])
      one
        .on("error", () => {})
        .on("close", () => other.destroy())
        .pipe(other);
  }).listen(0, "0.0.0.0");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

/** Where this host is met: both networks' gateways, the link to the outside, its own interfaces. */
function hostAddresses(): string[] {
  const own = Object.entries(networkInterfaces())
    .filter(([name]) => !/^(br-|asci-|docker|veth)/.test(name))
    .flatMap(([, infos]) => infos ?? [])
    .filter((it) => it.family === "IPv4" && !it.internal)
    .map((it) => it.address);
  return [...new Set([...desktops, ...plain].map((it) => it.gateway)), outside.hostAddress, ...own];
}

const bothWays = (address: string, port: number): Target[] => [
  ["tcp", address, port],
  ["udp", address, port],
];

/** UDP to the gateway only: elsewhere the answer would come from another address than was asked. */
const ofHost = (from: Place): Target[] => [
  ["udp", from.gateway, host.port],
  ...hostAddresses().flatMap((it): Target[] => [
    ["tcp", it, host.port],
    ["pg", it, database.port],
    ["tcp", it, published],
  ]),
];

const ofMetadata = (): Target[] =>
  outside.metadata.flatMap((it) => bothWays(it, outside.listener.port));

const abroad = (): Target[] => bothWays(outside.address, outside.listener.port);

async function inputs(): Promise<FirewallInputs> {
  const { installationId } = node.database;
  const info = (await docker.getNetwork(bridgeName(installationId)).inspect()) as {
    IPAM: { Config: { Subnet: string }[] };
  };
  return {
    installationId,
    bridge: bridgeName(installationId),
    subnets: info.IPAM.Config.map((it) => it.Subnet),
    nameservers: [],
    parts: [],
  };
}

/** `iptables-save` has the counters; ours are compared without them. */
const rulesShown = async (program = "iptables") =>
  (await system(program, "-t", "mangle", "-S"))
    .split("\n")
    .filter((it) => it.includes(`ASCI-${node.database.installationId.slice(0, 8)}`));

beforeAll(async () => {
  [host, outside, database] = await Promise.all([
    listenOnHost(),
    createOutside(),
    forwardPostgres(),
  ]);
  node = await createTestNode(inject("postgresUrl"));
  await node.startController({ env: { ASCI_SPARE_NETWORKS: "1" } });
  await until(
    "a network stands ready",
    async () => (await node.metric("asci_spare_networks")) === 1,
  );
  const both = await Promise.all([startDesktop(), startDesktop()]);
  desktops = both.toSorted((a, b) => Number(b.joined) - Number(a.joined));
  // One has the network that stood ready, the other one of its own.
  expect(desktops.map((it) => it.joined)).toEqual([true, false]);
  plainNetwork = await docker.createNetwork({
    Name: `asci-test-plain-${process.pid}`,
    Driver: "bridge",
    CheckDuplicate: true,
  });
  const port = `${listenPort}/tcp`;
  const options = { ExposedPorts: { [port]: {} }, HostConfig: { PortBindings: { [port]: [{}] } } };
  plain = [await startPlain(), await startPlain(options)];
  const info = await docker.getContainer(plain[1]!.id).inspect();
  published = Number(info.NetworkSettings.Ports[port]?.[0]?.HostPort);
  await Promise.all([...desktops, plain[1]!].map(listenIn));
});

afterAll(async () => {
  for (const it of made) await it.remove({ force: true });
  await plainNetwork?.remove();
  await node?.remove();
  if (node) await removeFirewall(node.database.installationId);
  database?.server.close();
  await host?.close();
  await outside?.remove();
});

describe("from inside a desktop", () => {
  it("nothing of the host, of ASCI, of metadata or of a neighbour is reached, and the rest is", async () => {
    const plainPeer = bothWays(plain[1]!.address, listenPort);
    // First that the way in question is open where nothing closes it.
    const open = [...ofHost(plain[0]!), ...ofMetadata(), ...plainPeer, ...abroad()];
    expect(await reached(plain[0]!, open, 20)).toEqual(named(open));

    const before = new Set(host.callers);
    const closed = (desktop: Place, neighbour: Place): Target[] => [
      ...ofHost(desktop),
      ...ofMetadata(),
      ...plainPeer,
      ...bothWays(neighbour.address, listenPort),
      ...bothWays("255.255.255.255", host.port),
      ["pg", desktop.gateway, Number(new URL(inject("postgresUrl")).port)],
    ];
    const [first, second] = desktops as [Place, Place];
    for (const [desktop, neighbour] of [[first, second] as const, [second, first] as const]) {
      expect(await reached(desktop, closed(desktop, neighbour))).toEqual([]);
      expect(await reached(desktop, abroad(), 20)).toEqual(named(abroad()));
      expect(host.callers).toEqual(before);
      expect(host.callers).not.toContain(desktop.address);
    }
  });

  it("the engine's resolver answers, also through a cloud's name server in a closed range", async () => {
    const [server = ""] = outside.metadata;
    const network = bridgeName(node.database.installationId);
    const asking = await startPlain({ HostConfig: { NetworkMode: network, Dns: [server] } });
    const ask = async () =>
      (await execIn(asking.id, ["timeout", "8", "getent", "ahostsv4", "mirror.test"])).toString();
    const given = await inputs();
    await applyFirewall(given);
    expect(await ask()).toBe("");
    await applyFirewall({ ...given, nameservers: [server] });
    expect(await ask()).toContain("192.0.2.53");
    expect(await reached(asking, ofMetadata())).toEqual([]);
  });

  it("a part of ASCI on another host is not reached, and that host's other ports are", async () => {
    const [desktop] = desktops as [Place];
    const [tcp, udp] = abroad() as [Target, Target];
    const parts = [{ address: outside.address, port: outside.listener.port }];
    await applyFirewall({ ...(await inputs()), parts });
    expect(await reached(desktop, [tcp])).toEqual([]);
    expect(await reached(desktop, [udp], 20)).toEqual(named([udp]));
    await applyFirewall(await inputs());
    expect(await reached(desktop, [tcp], 20)).toEqual(named([tcp]));
  });

  it("the host is not reached by IPv6 either", async () => {
    const [desktop] = desktops as [Place];
    const { bridge, installationId } = await inputs();
    const { State } = await docker.getContainer(desktop.id).inspect();
    const inside = ["-t", String(State.Pid), "-n"];
    // The engine gives a desktop no IPv6; one that got hold of it all the same is meant here.
    await system("ip", "-6", "address", "add", "fd00:77::1/64", "dev", bridge, "nodad");
    await system("nsenter", ...inside, "sysctl", "-q", "-w", "net.ipv6.conf.eth0.disable_ipv6=0");
    const own = ["fd00:77::2/64", "dev", "eth0", "nodad"];
    await system("nsenter", ...inside, "ip", "-6", "address", "add", ...own);
    const target: Target[] = bothWays("fd00:77::1", host.port);
    expect(await reached(desktop, target)).toEqual([]);
    await removeFirewall(installationId);
    expect(await reached(desktop, target, 20)).toEqual(named(target));
    await applyFirewall(await inputs());
    expect(await reached(desktop, target)).toEqual([]);
  });
});

describe("the rules", () => {
  it("are what closes the host, and are back with the next desktop that starts", async () => {
    const [desktop] = desktops as [Place];
    const { installationId } = node.database;
    const whole = await rulesShown();
    expect(whole).toContain(
      `-A PREROUTING -i ${bridgeName(installationId)} -j ASCI-${installationId.slice(0, 8)}`,
    );
    await removeFirewall(installationId);
    expect(await rulesShown()).toEqual([]);
    expect(await rulesShown("ip6tables")).toEqual([]);
    expect(await reached(desktop, ofHost(desktop), 20)).toEqual(named(ofHost(desktop)));
    // Between desktops there is the engine's own wall as well.
    expect(await reached(desktop, bothWays(desktops[1]!.address, listenPort))).toEqual([]);

    const third = await startDesktop();
    expect((await rulesShown()).length).toBeGreaterThanOrEqual(whole.length);
    expect(await reached(desktop, ofHost(desktop))).toEqual([]);
    expect(await reached(third, ofHost(third))).toEqual([]);
  });

  it("let the host in, and answers out", async () => {
    const { address } = desktops[1]!;
    const socket = connect(listenPort, address);
    const [said] = (await once(socket, "data")) as [Buffer];
    expect(said.toString()).toBe(`${greeting}\n`);
    socket.destroy();
  });

  it("yield to the site's exceptions, and stay as they are when applied again", async () => {
    const [desktop] = desktops as [Place];
    const exception = [
      "-d",
      desktop.gateway,
      "-p",
      "tcp",
      "--dport",
      String(host.port),
      "-j",
      "ACCEPT",
    ];
    await system("iptables", "-t", "mangle", "-A", "ASCI-SITE", ...exception);
    try {
      await applyFirewall(await inputs());
      const before = await rulesShown();
      await applyFirewall(await inputs());
      expect(await rulesShown()).toEqual(before);
      const allowed: Target = ["tcp", desktop.gateway, host.port];
      expect(await reached(desktop, [allowed], 20)).toEqual(named([allowed]));
      const others = ofHost(desktop).filter((it) => it.join() !== allowed.join());
      expect(await reached(desktop, others)).toEqual([]);
    } finally {
      await system("iptables", "-t", "mangle", "-D", "ASCI-SITE", ...exception);
    }
  });

  it("stand in front of a rule that accepts everything", async () => {
    const [desktop] = desktops as [Place];
    const accept = ["PREROUTING", "-i", (await inputs()).bridge, "-j", "ACCEPT"];
    await system("iptables", "-t", "mangle", "-I", ...accept);
    try {
      expect(await reached(desktop, ofHost(desktop), 20)).toEqual(named(ofHost(desktop)));
      await applyFirewall(await inputs());
      expect(await reached(desktop, ofHost(desktop))).toEqual([]);
    } finally {
      await system("iptables", "-t", "mangle", "-D", ...accept);
    }
  });
});

describe("a node that cannot keep desktops apart", () => {
  const root = join(import.meta.dirname, "../..");
  const script = `
    import Docker from "dockerode";
    import { DockerRuntime } from ${JSON.stringify(join(root, "controller/runtimes/docker.ts"))};
    const [installationId, network] = process.argv.slice(1);
    const runtime = new DockerRuntime(new Docker(), { installationId, nodeId: "none", network });
    const said = await runtime.prepare().then(() => "prepared", (error) => error.name + ": " + error.message);
    console.log(said);`;

  /** What `prepare` says in a process that was started by `prefix`. */
  async function prepared(prefix: string[]): Promise<string> {
    const { installationId } = node.database;
    const own = [installationId, bridgeName(installationId)];
    const evaluate = [process.execPath, "--input-type=module", "-e", script];
    const [program = "", ...args] = [...prefix, ...evaluate, ...own];
    return (await promisify(execFile)(program, args, { cwd: root })).stdout.trim();
  }

  it("says what to do, and prepares nothing", async () => {
    expect(await prepared([])).toBe("prepared");
    expect(
      await prepared(["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"]),
    ).toMatch(/^RuntimeError: .*run the controller as root/);
    const hidden = 'mount -t tmpfs none /usr/sbin && exec "$0" "$@"';
    expect(await prepared(["unshare", "--mount", "sh", "-c", hidden])).toMatch(
      /^RuntimeError: .*apt-get install iptables/,
    );
    expect(await prepared(["unshare", "--net"])).toMatch(
      /^RuntimeError: .*run the controller where its engine runs/,
    );
  });
});
