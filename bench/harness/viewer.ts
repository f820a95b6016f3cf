import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { ByteQueue } from "../../controller/relay/byte-queue.ts";

/** A viewer's connection whose opening handshakes are over. */
export interface Viewer {
  readonly socket: Socket;
  /** Sends RFB bytes as one masked frame. */
  send(payload: Buffer): void;
}

const readBuffer = Buffer.allocUnsafeSlow(1024 * 1024);

/**
 * Opens a WebSocket by hand, so that the measuring side costs as little as can be, and with `rfb`
 * does the browser's half of the RFB handshake. After that `received` is told how many bytes came,
 * frame headers included, and gets them in a buffer that is overwritten by the next read.
 */
export async function openViewer(
  port: number,
  rfb: boolean,
  received: (bytes: number, buffer: Buffer) => void,
): Promise<Viewer> {
  const early = new ByteQueue();
  let ready = false;
  let wake = (): void => {};
  const socket = connect({
    host: "127.0.0.1",
    port,
    onread: {
      buffer: readBuffer,
      callback: (bytes) => {
        if (ready) received(bytes, readBuffer);
        else early.push(readBuffer.subarray(0, bytes));
        wake();
        return true;
      },
    },
  });
  socket.setNoDelay(true).on("error", () => {});
  await once(socket, "connect");
  const upTo = async (count: () => number): Promise<Buffer> => {
    for (;;) {
      const need = count();
      const bytes = need > 0 ? early.take(need) : undefined;
      if (bytes !== undefined) return bytes;
      if (socket.destroyed) throw new Error("the connection was closed");
      await new Promise<void>((resolve) => {
        wake = resolve;
        socket.once("close", resolve);
      });
    }
  };
  const send = (payload: Buffer): void => void socket.write(maskedFrame(payload));
  socket.write(
    "GET /vnc/bench HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Protocol: binary\r\n\r\n",
  );
  const all = (): Buffer => early.peek(early.length) ?? Buffer.alloc(0);
  const head = await upTo(
    () => all().indexOf("\r\n\r\n") + 4 - (all().includes("\r\n\r\n") ? 0 : 3),
  );
  if (!head.toString("latin1").startsWith("HTTP/1.1 101")) throw new Error("no 101");
  if (rfb) {
    await upTo(() => 14);
    send(Buffer.from("RFB 003.008\n"));
    await upTo(() => 4);
    send(Buffer.from([1]));
    await upTo(() => 6);
    send(Buffer.from([1]));
  }
  ready = true;
  return { socket, send };
}

/** One masked binary frame of at most 125 bytes, or 65,535. */
export function maskedFrame(payload: Buffer): Buffer {
  const long = payload.length > 125;
  const header = Buffer.alloc(long ? 8 : 6);
  header[0] = 0x82;
  header[1] = 0x80 | (long ? 126 : payload.length);
  if (long) header.writeUInt16BE(payload.length, 2);
  const mask = [0x12, 0x34, 0x56, 0x78];
  header.set(mask, header.length - 4);
  const masked = payload.map((byte, i) => byte ^ (mask[i & 3] ?? 0));
  return Buffer.concat([header, masked]);
}
