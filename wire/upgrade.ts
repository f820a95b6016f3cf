import { acceptKey, isWebSocketKey } from "./accept-key.ts";
import { isToken } from "./http-head.ts";

/** What a handshake needs of an incoming upgrade request; an `http.IncomingMessage` fits. */
export interface UpgradeRequest {
  readonly method?: string | undefined;
  readonly httpVersion: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A client's opening handshake, checked. */
export interface Handshake {
  readonly key: string;
  /** The subprotocols offered, in order; a `ticket.…` among them is a secret. */
  readonly protocols: readonly string[];
}

/**
 * Reads a client's opening handshake (RFC 6455, section 4.2.1), or nothing where it is none: not
 * GET, not HTTP/1.1, not version 13, a bad key, or a subprotocol that is no token.
 */
export function readHandshake(request: UpgradeRequest): Handshake | undefined {
  const { headers } = request;
  if (request.method !== "GET" || request.httpVersion !== "1.1") return undefined;
  if (one(headers["upgrade"])?.toLowerCase() !== "websocket") return undefined;
  const key = one(headers["sec-websocket-key"]);
  if (one(headers["sec-websocket-version"]) !== "13" || !isWebSocketKey(key)) return undefined;
  const protocols = (one(headers["sec-websocket-protocol"]) ?? "")
    .split(",")
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== "");
  return protocols.every(isToken) ? { key, protocols } : undefined;
}

/**
 * The whole 101 answer to a handshake, written by ourselves: nothing a client sent stands in it
 * but its key's digest.
 */
export function switchingProtocols(key: string, protocol = "binary"): string {
  return [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptKey(key)}`,
    `Sec-WebSocket-Protocol: ${protocol}`,
    "",
    "",
  ].join("\r\n");
}

function one(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
