import { mkdtemp, rm } from "node:fs/promises";
import { type Socket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { BufferPool } from "../../wire/buffers.ts";
import { DialError } from "../dial.ts";
import { RfbAuthError } from "./rfb-auth.ts";
import { generatePassword } from "./vnc-password.ts";
import { fakeVnc } from "./testing.ts";
import { type UpstreamOptions, connectUpstream } from "./upstream.ts";

const pool = new BufferPool();
const password = generatePassword();
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "upstream-"));
  onTestFinished(() => rm(root, { recursive: true }));
});

const outcome = (options: Partial<UpstreamOptions> = {}): Promise<string> =>
  connectUpstream({ root, name: "vnc.sock", password, pool, ...options }).then(
    ({ socket }) => {
      socket.destroy();
      return "open";
    },
    (error: unknown) =>
      error instanceof DialError || error instanceof RfbAuthError ? error.code : String(error),
  );

async function hostile(serve: (socket: Socket) => void): Promise<Set<Socket>> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(join(root, "vnc.sock"), resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return sockets;
}

describe("connecting to a desktop", () => {
  it("signs in with the right password only", async () => {
    const vnc = await fakeVnc(join(root, "vnc.sock"), password, () => {});
    onTestFinished(() => vnc.close());
    expect(await outcome()).toBe("open");
    expect(await outcome({ password: generatePassword() })).toBe("rejected");
  });

  it("says that nothing is there", async () => {
    expect(await outcome()).toBe("not_found");
  });

  it.each<[string, (socket: Socket) => void, string]>([
    ["says nothing", () => {}, "timeout"],
    ["hangs up", (socket) => socket.end(), "closed"],
    ["is reset", (socket) => socket.destroy(), "closed"],
    ["speaks something else", (socket) => socket.write("SSH-2.0-hello\r\n"), "version"],
    ["talks without end", (socket) => socket.write(Buffer.alloc(1e6, "RFB 003.008\n")), "no_vnc"],
  ])("gives up on a server that %s, and leaves nothing open", async (_, serve, code) => {
    const sockets = await hostile(serve);
    expect(await outcome({ handshakeTimeoutMs: 100 })).toContain(code);
    await expect.poll(() => sockets.size).toBe(0);
  });

  it("gives up when it is told to", async () => {
    const aborter = new AbortController();
    await hostile(() => aborter.abort());
    expect(["closed", "aborted"]).toContain(await outcome({ signal: aborter.signal }));
  });
});
