import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

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

/** For pages: scripts and styles of this site only, nothing inline, no frames. */
const pagePolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  // Same-origin WebSockets are part of 'self' (CSP Level 3).
  "connect-src 'self'",
  "object-src 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join("; ");

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

/** The built UI and the API reference's files, held in memory; each is compressed once. */
export interface Assets {
  /** @returns undefined where there is no such file and the path is no page's either */
  respond(request: Request): Promise<Response | undefined>;
}

async function readFolder(
  folder: string,
  prefix: string,
  assets: Map<string, Asset>,
): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((it) => it.isFile())) {
    const file = join(entry.parentPath, entry.name);
    const path = `${prefix}/${relative(folder, file).split(sep).join("/")}`;
    const body = await readFile(file);
    const hashed = path.startsWith("/assets/");
    const extension = extname(file);
    assets.set(path, {
      body,
      type: types[extension] ?? "application/octet-stream",
      etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
      cacheControl: hashed ? "public, max-age=31536000, immutable" : "no-cache",
      page: extension === ".html",
      encoded: new Map(),
    });
  }
}

async function readReference(assets: Map<string, Asset>): Promise<void> {
  const folder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const start = `window.ui = SwaggerUIBundle({ url: "/api/openapi.json", dom_id: "#swagger-ui", validatorUrl: null });\n`;
  const files: [string, Buffer][] = [
    ["swagger-ui.css", await readFile(join(folder, "swagger-ui.css"))],
    ["swagger-ui-bundle.js", await readFile(join(folder, "swagger-ui-bundle.js"))],
    ["start.js", Buffer.from(start)],
  ];
  for (const [name, body] of files)
    assets.set(`/api-reference/${name}`, {
      body,
      type: types[extname(name)] ?? "application/octet-stream",
      etag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
      cacheControl: "no-cache",
      page: false,
      encoded: new Map(),
    });
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
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
  });
  if (asset.page) {
    headers.set("content-security-policy", pagePolicy);
    headers.set("cross-origin-opener-policy", "same-origin");
    headers.set("permissions-policy", "camera=(), geolocation=(), microphone=()");
  }
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

/** Paths that belong to programs: what is not there must not answer with a page. */
const notPages = /^\/(api|auth|vnc|assets|api-reference|\.well-known|healthz|readyz|metrics)(\/|$)/;

/** @param folder the built UI */
export async function loadAssets(folder: string): Promise<Assets> {
  const assets = new Map<string, Asset>();
  await readFolder(folder, "", assets);
  await readReference(assets);
  return {
    async respond(request) {
      if (request.method !== "GET" && request.method !== "HEAD") return undefined;
      const { pathname } = new URL(request.url);
      const found = assets.get(pathname);
      if (found && !(found.page && pathname !== "/index.html")) return answer(found, request);
      if (notPages.test(pathname)) return undefined;
      // The pages' own router knows the rest, its not-found page included.
      const index = assets.get("/index.html");
      return index ? answer(index, request) : undefined;
    },
  };
}
