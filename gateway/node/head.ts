import type { Buffer } from "node:buffer";
import { acceptKey, isWebSocketKey } from "../../wire/accept-key.ts";
import { type ResponseHead, isToken, listValues, onlyValue } from "../../wire/http-head.ts";

/** What the relay is told of a client's request; nothing else of it goes on. */
export interface UpstreamRequest {
  /** Like `/vnc/<id>`: an absolute path without query. */
  readonly path: string;
  /** The client's Sec-WebSocket-Key. */
  readonly key: string;
  /** Offered in this order; `binary` and the `ticket.…`, which is a secret. */
  readonly protocols: readonly string[];
  readonly requestId?: string;
  /** Default `relay`. */
  readonly host?: string;
}

const pathForm = /^\/[A-Za-z0-9\-._~/]*$/;
const hostForm = /^[A-Za-z0-9\-.:[\]_]+$/;
const requestIdForm = /^[A-Za-z0-9\-._]{1,128}$/;

/**
 * The upgrade request to the relay. Every part is held against a strict form first, so that
 * nothing from outside can add a header. Throws a RangeError that does not contain the value.
 */
export function upgradeRequestText(request: UpstreamRequest): string {
  const { path, key, protocols, requestId, host = "relay" } = request;
  demand(pathForm.test(path), "path");
  demand(hostForm.test(host), "host");
  demand(isWebSocketKey(key), "key");
  demand(protocols.length > 0 && protocols.every(isToken), "protocols");
  demand(requestId === undefined || requestIdForm.test(requestId), "request id");
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Protocol: ${protocols.join(", ")}`,
    ...(requestId === undefined ? [] : [`x-request-id: ${requestId}`]),
    "",
    "",
  ].join("\r\n");
}

function demand(holds: boolean, part: string): void {
  if (!holds) throw new RangeError(`the upgrade request's ${part} has an impossible form`);
}

/**
 * What is wrong with a 101 answer to `key` (RFC 6455, section 4.1), or nothing: it must upgrade to
 * a WebSocket, prove that it read the key, choose `binary` and no extension.
 */
export function faultOf101(head: ResponseHead, key: string): string | undefined {
  if (onlyValue(head, "upgrade")?.toLowerCase() !== "websocket") return "no Upgrade: websocket";
  const connection = listValues(head, "connection").map((member) => member.toLowerCase());
  if (!connection.includes("upgrade")) return "no Connection: Upgrade";
  if (onlyValue(head, "sec-websocket-accept") !== acceptKey(key)) return "a wrong accept key";
  if (onlyValue(head, "sec-websocket-protocol") !== "binary") return "a subprotocol not asked for";
  if (head.headers.has("sec-websocket-extensions")) return "an extension not asked for";
  return undefined;
}

/** Length of a refusal's body where it is told, else nothing: then the body is not read. */
export function bodyBytes(head: ResponseHead): number | undefined {
  const length = onlyValue(head, "content-length");
  return length !== undefined && /^[0-9]{1,9}$/.test(length) ? Number(length) : undefined;
}

/** A refusal's body as parsed JSON, or nothing where it is none. */
export function parseProblem(head: ResponseHead, body: Buffer): unknown {
  if (!/^application\/(problem\+)?json\b/.test(onlyValue(head, "content-type") ?? "")) return;
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
