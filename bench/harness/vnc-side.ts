// A stand-in for Xvnc behind two unix sockets in a folder: `vnc.sock` with the real opening
// handshake, `bare.sock` without, the latter on a TCP port too. The client's first bytes say what:
// "E" echoes, "B<bytes> " sends so many bytes as fast as they go, "U<bytes>/<periodMs> " sends an
// update of so many bytes every period. Args: the folder, the password.
import { type AddressInfo, type Socket, createServer } from "node:net";
import { join } from "node:path";
import { fakeVnc } from "../../controller/relay/testing.ts";

const [folder = "", password = ""] = process.argv.slice(2);
const chunk = Buffer.alloc(1024 * 1024, 0x5a);

function serve(socket: Socket): void {
  let order = "";
  const onData = (bytes: Buffer): void => {
    order += bytes.toString("latin1");
    if (order === "E") follow(() => socket.on("data", (more) => socket.write(more)));
    const [, bulkBytes] = /^B([0-9]+) $/.exec(order) ?? [];
    if (bulkBytes !== undefined) follow(() => sendBulk(socket, Number(bulkBytes)));
    const [, updateBytes, periodMs] = /^U([0-9]+)\/([0-9]+) $/.exec(order) ?? [];
    if (updateBytes !== undefined) {
      follow(() => sendUpdates(socket, Number(updateBytes), Number(periodMs)));
    }
  };
  const follow = (act: () => void): void => {
    socket.off("data", onData);
    act();
    socket.resume();
  };
  socket.on("error", () => {}).on("data", onData);
}

function sendBulk(socket: Socket, totalBytes: number): void {
  let left = totalBytes;
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      const part = left >= chunk.length ? chunk : chunk.subarray(0, left);
      left -= part.length;
      if (!socket.write(part)) return;
    }
  };
  socket.on("drain", more);
  more();
}

let updatesSent = 0;
let updating = true;

function sendUpdates(socket: Socket, bytes: number, periodMs: number): void {
  const update = chunk.subarray(0, bytes);
  const send = (): void => {
    if (!updating) return;
    updatesSent += 1;
    socket.write(update);
  };
  // Streams do not tick together.
  const start = setTimeout(() => {
    const timer = setInterval(send, periodMs);
    socket.on("close", () => clearInterval(timer));
  }, Math.random() * periodMs);
  socket.on("close", () => clearTimeout(start));
}

await fakeVnc(join(folder, "vnc.sock"), Buffer.from(password), serve);
const tcp = createServer(serve).listen(0, "127.0.0.1", () => {
  createServer(serve).listen(join(folder, "bare.sock"), () => process.send?.("ready"));
});
// Any message ends the updates, and asks how many there were and for the TCP port.
process.on("message", () => {
  updating = false;
  process.send?.({ updatesSent, barePort: (tcp.address() as AddressInfo).port });
});
process.on("disconnect", () => process.exit());
