import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { cacheControlOf, fileHeaders, isForPrograms, pageHeaders } from "../page-headers.ts";

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".txt": "text/plain; charset=utf-8",
  ".woff2": "font/woff2",
};
const compressible = new Set([".html", ".js", ".css", ".svg", ".json", ".webmanifest", ".txt"]);

/** For those who serve the folder without us. */
const notServed = new Set(["_headers"]);

interface Asset {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
  readonly cacheControl: string;
  readonly page: boolean;
  readonly encoded: Map<string, Promise<Buffer>>;
}

const toBrotli = promisify(brotliCompress);
const toGzip = promisify(gzip);

const encoders: Record<string, (body: Buffer) => Promise<Buffer>> = {
  br: (body) => toBrotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  gzip: (body) => toGzip(body, { level: 9 }),
};

/** The built UI, the API reference's files among it, held in memory; each is compressed once. */
export interface Assets {
  /** @returns undefined where there is no such file and the path is no page's either */
  respond(request: Request): Promise<Response | undefined>;
}

async function readFolder(folder: string): Promise<Map<string, Asset>> {
  const assets = new Map<string, Asset>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || notServed.has(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, file).split(sep).join("/")}`;
    const body = await readFile(file);
    const extension = extname(file);
    assets.set(path, {
      body,
      type: types[extension] ?? "application/octet-stream",
      etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
      cacheControl: cacheControlOf(path),
      page: extension === ".html",
      encoded: new Map(),
    });
  }
  return assets;
}

function pickEncoding(asset: Asset, accepted: string): "br" | "gzip" | undefined {
  if (asset.body.length < 512 || !compressible.has(extensionOf(asset))) return undefined;
  const names = new Set(accepted.split(",").map((it) => it.trim().split(";")[0]));
  return names.has("br") ? "br" : names.has("gzip") ? "gzip" : undefined;
}

function extensionOf(asset: Asset): string {
  return Object.entries(types).find(([, type]) => type === asset.type)?.[0] ?? "";
}

function encodedBody(asset: Asset, encoding: "br" | "gzip"): Promise<Buffer> {
  const known = asset.encoded.get(encoding);
  if (known) return known;
  const made = encoders[encoding]?.(asset.body) ?? Promise.resolve(asset.body);
  asset.encoded.set(encoding, made);
  return made;
}

async function answer(asset: Asset, request: Request): Promise<Response> {
  const headers = new Headers({
    "content-type": asset.type,
    "cache-control": asset.cacheControl,
    etag: asset.etag,
    vary: "accept-encoding",
    ...fileHeaders,
    ...(asset.page ? pageHeaders : {}),
  });
  if (request.headers.get("if-none-match") === asset.etag)
    return new Response(null, { status: 304, headers });
  const encoding = pickEncoding(asset, request.headers.get("accept-encoding") ?? "");
  const body = encoding ? await encodedBody(asset, encoding) : asset.body;
  if (encoding) headers.set("content-encoding", encoding);
  headers.set("content-length", String(body.length));
  return new Response(request.method === "HEAD" ? null : new Uint8Array(body), {
    status: 200,
    headers,
  });
}

/** @param folder the built UI */
export async function loadAssets(folder: string): Promise<Assets> {
  const assets = await readFolder(folder);
  return {
    async respond(request) {
      if (request.method !== "GET" && request.method !== "HEAD") return undefined;
      const { pathname } = new URL(request.url);
      const found = assets.get(pathname);
      if (found && !(found.page && pathname !== "/index.html")) return answer(found, request);
      if (isForPrograms(pathname)) return undefined;
      // The pages' own router knows the rest, its not-found page included.
      const index = assets.get("/index.html");
      return index ? answer(index, request) : undefined;
    },
  };
}
