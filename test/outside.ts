/** Networks for tests: listeners on this host, and a place beyond it that packets are routed to. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

/** What a listener says to whoever reaches it. */
export const greeting = "asci-listener";

const run = promisify(execFile);

/** Runs a program of the system's; the error has what it said. */
export async function system(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(program, args, {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
  });
  return stdout;
}

export interface Listener {
  /** Of TCP, where it greets and closes, and of UDP, where it answers with the greeting. */
  readonly port: number;
  /** Addresses that reached it. */
  readonly callers: ReadonlySet<string>;
  close(): Promise<void>;
}

// A process of its own, as only a process can stand in another network namespace. Given
// addresses, it is a name server on them as well, that answers every question with 192.0.2.53.
const program = `
  const net = require("node:net"), dgram = require("node:dgram");
  const note = (it) => console.log("from " + it.replace("::ffff:", ""));
  const tcp = net.createServer((socket) => {
    note(socket.remoteAddress ?? "");
    socket.on("error", () => {}).end("${greeting}\\n");
  });
  const answer = (udp, bytes) => udp.on("message", (message, from) => {
    note(from.address);
    udp.send(bytes(message), from.port, from.address);
  });
  const name = (query) => {
    const end = query.indexOf(0, 12) + 5;
    const known = query.readUInt16BE(end - 4) === 1;
    const head = Buffer.from([query[0], query[1], 0x81, 0x80, 0, 1, 0, known ? 1 : 0, 0, 0, 0, 0]);
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 53]);
    return Buffer.concat([head, query.subarray(12, end), ...(known ? [record] : [])]);
  };
  const serve = (port, address, bytes) => new Promise((resolve) =>
    answer(dgram.createSocket(net.isIPv6(address) ? "udp6" : "udp4"), bytes)
      .bind(port, address, resolve));
  tcp.listen(0, "::", async () => {
    const { port } = tcp.address();
    // An answer must come from the address that was asked, so each has a socket.
    const addresses = process.argv.slice(1);
    if (addresses.length === 0) await serve(port, "::", () => "${greeting}\\n");
    for (const address of addresses) {
      await serve(port, address, () => "${greeting}\\n");
      await serve(53, address, name);
    }
    console.log("port " + port);
  });
  process.stdin.on("end", () => process.exit()).resume();
`;

async function listen(prefix: string[], ...addresses: string[]): Promise<Listener> {
  const argv = [...prefix, process.execPath, "-e", program, ...addresses];
  const child: ChildProcess = spawn(argv[0] ?? "", argv.slice(1), {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const callers = new Set<string>();
  const port = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the listener ended with ${code}`)));
    if (!child.stdout) throw new Error("a listener without output");
    createInterface(child.stdout).on("line", (line) => {
      const [word, value = ""] = line.split(" ");
      if (word === "port") resolve(Number(value));
      else callers.add(value);
    });
  });
  return {
    port,
    callers,
    async close() {
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.stdin?.end();
      await ended;
    },
  };
}

/** On all addresses of this host. */
export function listenOnHost(): Promise<Listener> {
  return listen([]);
}

export interface Outside {
  /** The host's own end of the link. */
  readonly hostAddress: string;
  readonly address: string;
  /** Link-local ones that are routed there, as in a cloud; a name server answers on each. */
  readonly metadata: readonly string[];
  readonly listener: Listener;
  remove(): Promise<void>;
}

/** Another network, one hop away from this host: a namespace of its own at the end of a link. */
export async function createOutside(): Promise<Outside> {
  const name = `asci-${randomBytes(3).toString("hex")}`;
  const [hostAddress, address] = ["198.18.77.1", "198.18.77.2"];
  const metadata = ["169.254.169.254", "169.254.77.1"];
  const remove = async () => {
    // The link and its routes go with the namespace.
    await system("ip", "netns", "delete", name);
  };
  await system("ip", "netns", "add", name);
  try {
    await system("ip", "link", "add", name, "type", "veth", "peer", "name", "up0", "netns", name);
    await system("ip", "address", "add", `${hostAddress}/30`, "dev", name);
    await system("ip", "link", "set", name, "up");
    const inside = ["netns", "exec", name, "ip"];
    for (const it of [`${address}/30`, ...metadata.map((one) => `${one}/32`)])
      await system("ip", ...inside, "address", "add", it, "dev", "up0");
    await system("ip", ...inside, "link", "set", "lo", "up");
    await system("ip", ...inside, "link", "set", "up0", "up");
    await system("ip", ...inside, "route", "add", "default", "via", hostAddress);
    for (const it of metadata) await system("ip", "route", "add", `${it}/32`, "via", address);
    const listener = await listen(["nsenter", `--net=/run/netns/${name}`], address, ...metadata);
    return {
      hostAddress,
      address,
      metadata,
      listener,
      async remove() {
        await listener.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
