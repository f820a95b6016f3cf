import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noise, pushBlob, sha256, startRegistry, type Registry } from "../test/registry.ts";
import { openPacedRegistry, type PacedRegistry } from "./paced-registry.ts";

const rate = 2_000_000;
let registry: Registry;
let paced: PacedRegistry;
let blob: string;
const bytes = noise(1_000_000);

beforeAll(async () => {
  registry = await startRegistry();
  paced = await openPacedRegistry(rate);
  blob = await pushBlob(registry, "team/mate", bytes);
});
afterAll(async () => {
  await paced?.close();
  await registry?.remove();
});

/** As the engine asks it. */
function get(repository: string, path: string, init: RequestInit = {}): Promise<Response> {
  const [host, ...name] = paced.nameFor(repository).split("/");
  return fetch(`http://${host}/v2/${name.join("/")}/${path}`, init);
}
const repository = () => `${registry.host}/team/mate`;

describe("a paced registry", () => {
  it("gives what the other one has, unchanged, over all together no faster than it may", async () => {
    const began = performance.now();
    const got = await Promise.all(
      [1, 2].map(async () =>
        Buffer.from(await (await get(repository(), `blobs/${blob}`)).arrayBuffer()),
      ),
    );
    const took = performance.now() - began;
    for (const it of got) expect(sha256(it)).toBe(blob);
    // It can only take longer, on a machine that has other work.
    expect(took).toBeGreaterThan((2 * bytes.length * 1000) / rate - 50);
  });

  it("has no limit while somebody waits", async () => {
    const slow = await openPacedRegistry(1);
    slow.pace.hurried = true;
    const [host, ...name] = slow.nameFor(repository()).split("/");
    const answer = await fetch(`http://${host}/v2/${name.join("/")}/blobs/${blob}`);
    expect((await answer.arrayBuffer()).byteLength).toBe(bytes.length);
    await slow.close();
  });

  it("passes on parts, lengths and refusals", async () => {
    const head = await get(repository(), `blobs/${blob}`, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe(String(bytes.length));
    const part = await get(repository(), `blobs/${blob}`, { headers: { range: "bytes=10-19" } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(10, 20));
    const missing = await get(repository(), `blobs/sha256:${"0".repeat(64)}`);
    expect(missing.status).toBe(404);
    expect(await missing.text()).toContain("BLOB_UNKNOWN");
  });

  it("is for reading, and for registries that it was told of", async () => {
    expect((await get(repository(), "blobs/uploads/", { method: "POST" })).status).toBe(404);
    const host = paced.nameFor(repository()).split("/")[0];
    const other = Buffer.from("169.254.169.254").toString("hex");
    expect((await fetch(`http://${host}/v2/${other}/a/manifests/1`)).status).toBe(404);
    expect((await fetch(`http://${host}/`)).status).toBe(404);
  });

  it("says that a registry does not answer", async () => {
    const gone = await startRegistry();
    await gone.remove();
    const answer = await get(`${gone.host}/team/mate`, "manifests/1");
    expect(answer.status).toBe(502);
    expect(await answer.text()).toContain("does not answer");
  });
});

describe("a registry that wants a token from anybody", () => {
  let server: Server;
  let host: string;
  const asked: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.url} ${request.headers.authorization ?? "-"}`);
      if (request.url?.startsWith("/token")) return response.end(JSON.stringify({ token: "t1" }));
      if (request.headers.authorization === "Bearer t1") return response.end("manifest");
      const challenge = `Bearer realm="http://${host}/token",service="s",scope="repository:a/b:pull"`;
      return response.writeHead(401, { "www-authenticate": challenge }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it("is asked for one, once for a repository", async () => {
    expect(await (await get(`${host}/a/b`, "manifests/1")).text()).toBe("manifest");
    expect(await (await get(`${host}/a/b`, "manifests/2")).text()).toBe("manifest");
    expect(asked).toEqual([
      "/v2/a/b/manifests/1 -",
      "/token?service=s&scope=repository%3Aa%2Fb%3Apull -",
      "/v2/a/b/manifests/1 Bearer t1",
      "/v2/a/b/manifests/2 Bearer t1",
    ]);
  });
});
