import fc from "fast-check";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { acceptKey, isWebSocketKey } from "./accept-key.ts";
import { HeadError, HeadReader, listValues, onlyValue, parseResponseHead } from "./http-head.ts";
import { writeProblem } from "./problem.ts";
import { splits } from "./testing.ts";
import { type UpgradeRequest, readHandshake, switchingProtocols } from "./upgrade.ts";

describe("reading a head", () => {
  it("finds its end in any split and keeps what follows", () => {
    fc.assert(
      fc.property(splits(Buffer.from("HTTP/1.1 200 OK\r\na: b\r\n\r\nrest\r\n\r\n")), (chunks) => {
        const reader = new HeadReader(100);
        let at = 0;
        let read: { head: string; rest: Buffer } | undefined;
        while (read === undefined && at < chunks.length) {
          read = reader.push(chunks[at] ?? Buffer.alloc(0));
          at += 1;
        }
        expect(read?.head).toBe("HTTP/1.1 200 OK\r\na: b");
        const rest = Buffer.concat([read?.rest ?? Buffer.alloc(0), ...chunks.slice(at)]);
        expect(rest.toString()).toBe("rest\r\n\r\n");
      }),
    );
  });

  it("stops at its limit", () => {
    expect(() => new HeadReader(10).push(Buffer.alloc(11, "a"))).toThrow(HeadError);
    expect(() => new HeadReader(10).push(Buffer.from(`${"a".repeat(11)}\r\n\r\n`))).toThrow(
      HeadError,
    );
    expect(new HeadReader(10).push(Buffer.from("0123456789\r\n\r\n"))?.head).toBe("0123456789");
  });

  it("parses status and fields, doubled ones too", () => {
    const head = parseResponseHead("HTTP/1.1 101 Any Words\r\nA: 1, 2\r\nb:x\r\na:\t3 ");
    expect(head.status).toBe(101);
    expect(onlyValue(head, "b")).toBe("x");
    expect(onlyValue(head, "a")).toBeUndefined();
    expect(listValues(head, "a")).toEqual(["1", "2", "3"]);
  });

  it.each([
    "HTTP/1.0 101 x",
    "HTTP/1.1 99 x",
    "HTTP/1.1  101 x",
    "ICY 200 OK",
    "HTTP/1.1 101 x\r\n folded: x",
    "HTTP/1.1 101 x\r\nname : x",
    "HTTP/1.1 101 x\r\n: x",
    "HTTP/1.1 101 x\r\nno colon",
    "HTTP/1.1 101 x\r\na: b\rc: d",
    "HTTP/1.1 101 x\r\na: b\nc: d",
    "HTTP/1.1 101 x\r\na: b\0",
    "HTTP/1.1 101 x\r\n\r\na: b",
  ])("refuses %j", (head) => {
    expect(() => parseResponseHead(head)).toThrow(HeadError);
  });
});

describe("a handshake", () => {
  const key = "dGhlIHNhbXBsZSBub25jZQ==";
  const good: UpgradeRequest = {
    method: "GET",
    httpVersion: "1.1",
    headers: {
      upgrade: "WebSocket",
      "sec-websocket-key": key,
      "sec-websocket-version": "13",
      "sec-websocket-protocol": "binary, ticket.a.b-c_d",
    },
  };

  it("is read from a request", () => {
    expect(readHandshake(good)).toEqual({ key, protocols: ["binary", "ticket.a.b-c_d"] });
    const headers = { ...good.headers, "sec-websocket-protocol": undefined };
    expect(readHandshake({ ...good, headers })).toEqual({ key, protocols: [] });
  });

  it.each([
    ["POST", { method: "POST" }, {}],
    ["HTTP/1.0", { httpVersion: "1.0" }, {}],
    ["another upgrade", {}, { upgrade: "h2c" }],
    ["no upgrade", {}, { upgrade: undefined }],
    ["an old version", {}, { "sec-websocket-version": "8" }],
    ["no key", {}, { "sec-websocket-key": undefined }],
    ["two keys", {}, { "sec-websocket-key": `${key}, ${key}` }],
    ["a subprotocol that is no token", {}, { "sec-websocket-protocol": "binary, a b" }],
    ["a line break in a subprotocol", {}, { "sec-websocket-protocol": "binary,a\r\nb" }],
  ])("is none with %s", (_, request, headers) => {
    expect(
      readHandshake({ ...good, ...request, headers: { ...good.headers, ...headers } }),
    ).toBeUndefined();
  });

  it("is answered with the key's digest (the example of RFC 6455, section 1.3)", () => {
    expect(acceptKey(key)).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    expect(switchingProtocols(key)).toContain("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzz");
    expect(switchingProtocols(key)).toMatch(/Protocol: binary\r\n\r\n$/);
  });

  it("has a key of exactly 16 bytes", () => {
    expect(isWebSocketKey(key)).toBe(true);
    for (const bad of ["", "short==", `${key}\r\n`, `a${key}`, key.replace("==", "=="[0] ?? "")]) {
      expect(isWebSocketKey(bad)).toBe(false);
    }
  });
});

describe("a problem on a raw socket", () => {
  const answer = async (
    ...args: Parameters<typeof writeProblem> extends [unknown, ...infer R] ? R : never
  ): Promise<string> => {
    const socket = new PassThrough();
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    writeProblem(socket, ...args);
    await new Promise((resolve) => socket.once("close", resolve));
    return text;
  };

  it("is a whole HTTP answer, and closes", async () => {
    const text = await answer({ status: 401, code: "ticket_used", title: "Schlüssel" });
    expect(text).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    const [head = "", body = ""] = text.split("\r\n\r\n");
    expect(head).toContain("Content-Type: application/problem+json");
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
    expect(JSON.parse(body)).toEqual({ status: 401, code: "ticket_used", title: "Schlüssel" });
  });

  it("takes more headers, but none that could hold another", async () => {
    expect(await answer({ status: 503 }, { "Retry-After": "3" })).toContain("Retry-After: 3\r\n");
    expect(() => writeProblem(new PassThrough(), { status: 503 }, { A: "b\r\nC: d" })).toThrow(
      RangeError,
    );
  });
});
