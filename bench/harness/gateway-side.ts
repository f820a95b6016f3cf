// The gateway's half of the stream path without its ticket check: args are the relay's address.
// Listens on a free TCP port of loopback and tells it.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { joinUpstream } from "../../gateway/node/join.ts";
import { BufferPool } from "../../wire/buffers.ts";
import { writeProblem } from "../../wire/problem.ts";
import { readHandshake } from "../../wire/upgrade.ts";

const [upstream = ""] = process.argv.slice(2);
const pool = new BufferPool();
const server = createServer();

server.on("upgrade", (request, clientSocket, head) => {
  const handshake = readHandshake(request);
  if (handshake === undefined) return writeProblem(clientSocket, { status: 400 });
  void joinUpstream({
    clientSocket,
    head,
    request: { path: "/vnc/bench", ...handshake },
    upstream,
    pool,
  }).then((result) => {
    if (result.kind !== "joined") writeProblem(clientSocket, { status: 502 });
  });
});

server.listen(0, "127.0.0.1", () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on("message", () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on("disconnect", () => process.exit());
