// The relay without its ticket check: args are its own socket, the VNC server's folder and name,
// and the password.
import { createServer } from "node:http";
import { bridge } from "../../controller/relay/bridge.ts";
import { Keepalive } from "../../controller/relay/keepalive.ts";
import { connectUpstream } from "../../controller/relay/upstream.ts";
import { BufferPool } from "../../wire/buffers.ts";
import { writeProblem } from "../../wire/problem.ts";
import { readHandshake, switchingProtocols } from "../../wire/upgrade.ts";

const [listen = "", root = "", name = "", password = ""] = process.argv.slice(2);
const pool = new BufferPool();
const keepalive = new Keepalive();
const server = createServer();

server.on("upgrade", (request, client, head) => {
  client.on("error", () => {});
  const handshake = readHandshake(request);
  if (handshake === undefined) return writeProblem(client, { status: 400 });
  connectUpstream({ root, name, password: Buffer.from(password), pool }).then(
    (upstream) => {
      client.write(switchingProtocols(handshake.key));
      bridge({ client, head, upstream, keepalive });
    },
    () => writeProblem(client, { status: 503 }),
  );
});

server.listen(listen, () => process.send?.("ready"));
process.on("disconnect", () => process.exit());
