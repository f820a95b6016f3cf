/** Raw WebSocket handshakes, so that tests see the very answer to a refused one. */
import { randomBytes } from "node:crypto";
import { request, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";

export interface UpgradeAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** A refusal's problem document. */
  readonly body: Record<string, unknown> | undefined;
  /** The socket after a 101. */
  readonly socket: Socket | undefined;
}

/** Asks for an upgrade. `protocols` is the header as it is sent; undefined sends none. */
export function askUpgrade(
  url: string,
  protocols: string | undefined,
  headers: Record<string, string> = {},
): Promise<UpgradeAnswer> {
  return new Promise((resolve, reject) => {
    const call = request(url.replace(/^ws/, "http"), {
      agent: false,
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": randomBytes(16).toString("base64"),
        ...(protocols === undefined ? {} : { "sec-websocket-protocol": protocols }),
        ...headers,
      },
    });
    call.on("upgrade", (response, socket: Socket, head: Buffer) => {
      socket.on("error", () => {});
      // What came with the answer belongs to the stream: a relay that ends closes it at once.
      if (head.length > 0) socket.unshift(head);
      resolve({ status: 101, headers: response.headers, body: undefined, socket });
    });
    call.on("response", (response) => {
      text(response).then((body) => {
        const parsed = body ? (JSON.parse(body) as Record<string, unknown>) : undefined;
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: parsed,
          socket: undefined,
        });
      }, reject);
    });
    call.on("error", reject);
    call.end();
  });
}
