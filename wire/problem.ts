import { Buffer } from "node:buffer";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** A problem document (RFC 9457); its status is the answer's. */
export interface StreamProblem {
  readonly status: number;
  readonly [member: string]: unknown;
}

/** A client that does not read the refusal is cut off after so long. */
const lingerMs = 5000;

/**
 * Answers an upgrade request with a problem document and closes the connection. For the raw socket
 * of an `upgrade` event, before anything was written to it. `headers`: values without line breaks.
 */
export function writeProblem(
  socket: Duplex,
  problem: StreamProblem,
  headers: Readonly<Record<string, string>> = {},
): void {
  socket.on("error", () => socket.destroy());
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = Buffer.from(JSON.stringify(problem), "utf8");
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? "Error"}`,
    "Content-Type: application/problem+json",
    `Content-Length: ${body.length}`,
    "Cache-Control: no-store",
    "Connection: close",
    ...Object.entries(headers).map(([name, value]) => headerLine(name, value)),
    "",
    "",
  ].join("\r\n");
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once("close", () => clearTimeout(timer));
  socket.once("end", () => socket.destroy());
  socket.end(Buffer.concat([Buffer.from(head, "latin1"), body]));
  // What the client still sends is read and dropped, else its end is never seen.
  socket.resume();
}

function headerLine(name: string, value: string): string {
  if (!/^[A-Za-z0-9-]+$/.test(name) || !/^[\x20-\x7e]*$/.test(value)) {
    throw new RangeError(`header ${JSON.stringify(name)} has an impossible form`);
  }
  return `${name}: ${value}`;
}
