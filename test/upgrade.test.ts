import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { askUpgrade } from "./upgrade.ts";

it("keeps what came in the same breath as the answer", async () => {
  const server = createServer((socket) => {
    socket.once("data", () => {
      socket.end(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nbehind",
      );
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const { socket } = await askUpgrade(`http://127.0.0.1:${port}/`, undefined);
  const chunks: Buffer[] = [];
  socket?.on("data", (chunk: Buffer) => chunks.push(chunk));
  if (socket) await once(socket, "close");
  expect(Buffer.concat(chunks).toString()).toBe("behind");
  server.close();
});
