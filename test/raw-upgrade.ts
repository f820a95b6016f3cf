/** Upgrades on bare sockets, for tests of what a refused client can say and hear beyond its refusal. */
import { randomBytes } from "node:crypto";
import { createConnection, createServer, type NetConnectOpts, type Socket } from "node:net";
import { rm } from "node:fs/promises";

/** Sent right behind a request, and once it was refused: nobody else may ever get it. */
export const early = "<sent-with-the-request>";
export const late = "<sent-after-the-refusal>";

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A refusal's problem document. */
  readonly body: Record<string, unknown> | undefined;
  /** What came behind the answer. */
  readonly behind: string;
}

/** The head of an upgrade. `headers` come instead of the usual ones of their names. */
export function upgradeHead(path: string, headers: Readonly<Record<string, string>>): string {
  const usual = {
    Host: "test",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
  };
  const lines = Object.entries({ ...usual, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return [`GET ${path} HTTP/1.1`, ...lines, "", ""].join("\r\n");
}

const parsedHeaders = (lines: readonly string[]) =>
  Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
    }),
  );

/** One answer with all of its body, and what is behind; undefined while it is not whole. */
function readAnswer(text: string): RawAnswer | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = parsedHeaders(lines);
  const bytes = Number(headers["content-length"] ?? 0);
  const rest = text.slice(end + 4);
  if (rest.length < bytes) return undefined;
  const body = rest.slice(0, bytes);
  return {
    status: Number(first.split(" ")[1]),
    headers,
    body: /json/.test(headers["content-type"] ?? "")
      ? (JSON.parse(Buffer.from(body, "latin1").toString()) as Record<string, unknown>)
      : undefined,
    behind: rest.slice(bytes),
  };
}

/**
 * Sends a head with bytes right behind it, more bytes when the answer is there, and reads until the
 * other side is done. A client that is let in (101) hangs up at once.
 */
export async function askRaw(
  target: NetConnectOpts,
  head: string,
  behind: string | Buffer = early,
): Promise<RawAnswer> {
  const socket = createConnection({ ...target, allowHalfOpen: true } as NetConnectOpts);
  let text = "";
  let answered = false;
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    const answer = answered ? undefined : readAnswer(text);
    if (!answer) return;
    answered = true;
    if (answer.status === 101) socket.destroy();
    else socket.end(late);
  });
  socket.on("end", () => socket.end());
  socket.write(Buffer.concat([Buffer.from(head, "latin1"), Buffer.from(behind)]));
  await new Promise((resolve) => socket.on("close", resolve));
  const answer = readAnswer(text);
  if (!answer) throw new Error(`no answer, but ${JSON.stringify(text)}`);
  return answer;
}

export interface Trap {
  /** What each connection has said so far. */
  readonly heard: string[];
  /** Settles when no connection is open any more: nothing can be heard of them then. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Listens where an upstream is expected and writes down every byte that it gets.
 *
 * @param answer what it does on a connection (`heard` is empty then), and on everything that comes
 */
export async function setTrap(
  path: string,
  answer: (socket: Socket, heard: string) => void = () => {},
): Promise<Trap> {
  await rm(path, { force: true });
  const heard: string[] = [];
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const index = heard.push("") - 1;
    open.add(socket);
    socket.on("error", () => {}).on("close", () => open.delete(socket));
    socket.on("end", () => socket.end());
    answer(socket, "");
    socket.on("data", (chunk) => {
      heard[index] += chunk.toString("latin1");
      answer(socket, heard[index] ?? "");
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    heard,
    async quiet() {
      await Promise.all(
        [...open].map((socket) => new Promise((resolve) => socket.once("close", resolve))),
      );
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
