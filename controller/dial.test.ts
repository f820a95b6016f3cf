import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { type Server, type Socket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { DialError, dialUnix, readBanner } from "./dial.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "dial-"));
  await mkdir(join(root, "vnc"));
  onTestFinished(() => rm(root, { recursive: true }));
});

async function listen(name: string, serve: (socket: Socket) => void = () => {}): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(join(root, name), resolve));
  onTestFinished(() => void server.close());
  return server;
}

async function dial(name: string, signal?: AbortSignal): Promise<Socket> {
  const socket = await dialUnix(root, name, { connectTimeoutMs: 2000, ...(signal && { signal }) });
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  return socket;
}

const fault = (dialled: Promise<unknown>): Promise<string> =>
  dialled.then(
    () => "connected",
    (error: unknown) => (error instanceof DialError ? error.code : String(error)),
  );

const openFiles = async (): Promise<number> => (await readdir("/proc/self/fd")).length;

describe("dialling a container's socket", () => {
  it("connects to a socket, and keeps no other file open", async () => {
    let connections = 0;
    await listen("vnc/vnc.sock", () => (connections += 1));
    const before = await openFiles();
    const socket = await dial("vnc/vnc.sock");
    await expect.poll(() => connections).toBe(1);
    // The client's end and the server's.
    expect((await openFiles()) - before).toBe(2);
    expect(socket.readyState).toBe("open");
  });

  it("connects through a path longer than a socket's address may be", async () => {
    const long = "d".repeat(120);
    await listen("vnc/vnc.sock");
    await mkdir(join(root, long));
    await rename(join(root, "vnc"), join(root, long, "vnc"));
    expect((await dial(`${long}/vnc/vnc.sock`)).readyState).toBe("open");
  });

  it("does not follow a link in the socket's place", async () => {
    await listen("secret.sock");
    await symlink("../secret.sock", join(root, "vnc/vnc.sock"));
    expect(await fault(dial("vnc/vnc.sock"))).toBe("not_a_socket");
  });

  it("does not follow a link in a folder's place", async () => {
    await mkdir(join(root, "elsewhere"));
    await listen("elsewhere/vnc.sock");
    await symlink("elsewhere", join(root, "link"));
    expect(await fault(dial("link/vnc.sock"))).toBe("not_a_socket");
    expect(await fault(dial("link"))).toBe("not_a_socket");
  });

  it("refuses a fifo without waiting for its writer, a file and a folder", async () => {
    execFileSync("mkfifo", [join(root, "vnc/fifo")]);
    await writeFile(join(root, "vnc/file"), "");
    await mkdir(join(root, "vnc/folder"));
    expect(await fault(dial("vnc/fifo"))).toBe("not_a_socket");
    expect(await fault(dial("vnc/file"))).toBe("not_a_socket");
    expect(await fault(dial("vnc/folder"))).toBe("not_a_socket");
    expect(await fault(dial("vnc/file/vnc.sock"))).toBe("not_a_socket");
  });

  it("says that nothing is there, or that nobody listens", async () => {
    expect(await fault(dial("vnc/vnc.sock"))).toBe("not_found");
    expect(await fault(dial("nowhere/vnc.sock"))).toBe("not_found");
    const server = await listen("vnc/old.sock");
    await rename(join(root, "vnc/old.sock"), join(root, "vnc/dead.sock"));
    server.close();
    await once(server, "close");
    expect(await fault(dial("vnc/dead.sock"))).toBe("refused");
  });

  it.each(["", ".", "..", "../x", "vnc/../x", "/etc/x", "vnc//x", "vnc/", "vnc/a\0b"])(
    "refuses the name %j",
    async (name) => {
      expect(await fault(dial(name))).toBe("bad_name");
    },
  );

  it("gives up when it is told to", async () => {
    await listen("vnc/vnc.sock");
    expect(await fault(dial("vnc/vnc.sock", AbortSignal.abort()))).toBe("aborted");
    const before = await openFiles();
    const aborter = new AbortController();
    const dialled = fault(dial("vnc/vnc.sock", aborter.signal));
    aborter.abort();
    expect(await dialled).toBe("aborted");
    await expect.poll(openFiles).toBe(before);
  });

  it.runIf(process.getuid?.() === 0)("works in a process that dropped root", async () => {
    await listen("vnc/vnc.sock");
    await chmod(root, 0o755);
    await chmod(join(root, "vnc/vnc.sock"), 0o666);
    const script = `
      const { dialUnix } = await import(${JSON.stringify(fileURLToPath(new URL("dial.ts", import.meta.url)))});
      process.setgid(65534); process.setuid(65534);
      const socket = await dialUnix(${JSON.stringify(root)}, "vnc/vnc.sock");
      console.log(socket.readyState);
      process.exit();
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    await once(child, "close");
    expect(output.trim()).toBe("open");
  });
});

describe("reading the banner", () => {
  it("reads 12 bytes and leaves what follows in the socket", async () => {
    await listen("vnc/vnc.sock", (socket) => {
      socket.write("RFB 003");
      setImmediate(() => socket.write(".008\nand more"));
    });
    const socket = await dial("vnc/vnc.sock");
    expect(await readBanner(socket)).toBe("RFB 003.008\n");
    let rest = "";
    socket.on("data", (chunk) => (rest += chunk.toString()));
    await expect.poll(() => rest).toBe("and more");
  });

  it("says what is wrong", async () => {
    const answers: ((socket: Socket) => void)[] = [
      (socket) => socket.write("HTTP/1.1 200"),
      (socket) => socket.end("RFB"),
      (socket) => socket.end(),
      (socket) => socket.destroy(),
      () => {},
    ];
    await listen("vnc/vnc.sock", (socket) => answers.shift()?.(socket));
    const banner = async (): Promise<string> =>
      fault(readBanner(await dial("vnc/vnc.sock"), { timeoutMs: 200 }));
    expect(await banner()).toBe("bad_banner");
    expect(await banner()).toBe("closed");
    expect(await banner()).toBe("closed");
    expect(await banner()).toBe("closed");
    expect(await banner()).toBe("timeout");
  });

  it("gives up when it is told to", async () => {
    await listen("vnc/vnc.sock");
    const aborter = new AbortController();
    const reading = fault(readBanner(await dial("vnc/vnc.sock"), { signal: aborter.signal }));
    aborter.abort();
    expect(await reading).toBe("aborted");
  });
});
