import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import solid from "vite-plugin-solid";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * Puts theme-early.js into the page's head as a small blocking script with a hashed name: the theme
 * has to be known before the first paint, and the page's policy forbids inline scripts.
 */
function earlyTheme(): Plugin {
  const source = (): string => readFileSync(here("./theme-early.js"), "utf8");
  let fileName = "theme-early.js";
  return {
    name: "asci-early-theme",
    buildStart() {
      if (this.environment.mode !== "build") return;
      const hash = createHash("sha256").update(source()).digest("base64url").slice(0, 8);
      fileName = `assets/theme-early-${hash}.js`;
      this.emitFile({ type: "asset", fileName, source: source() });
    },
    transformIndexHtml: {
      order: "post",
      handler: () => [{ tag: "script", attrs: { src: `/${fileName}` }, injectTo: "head-prepend" }],
    },
  };
}

/** The files of the API's reference page, so that it loads nothing from elsewhere. */
function apiReference(): Plugin {
  const of = (name: string): Buffer =>
    readFileSync(createRequire(import.meta.url).resolve(`swagger-ui-dist/${name}`));
  const start =
    'window.ui = SwaggerUIBundle({ url: "/api/openapi.json", dom_id: "#swagger-ui", validatorUrl: null });\n';
  const files: Record<string, { type: string; source: () => string | Buffer }> = {
    "swagger-ui.css": { type: "text/css", source: () => of("swagger-ui.css") },
    "swagger-ui-bundle.js": { type: "text/javascript", source: () => of("swagger-ui-bundle.js") },
    "start.js": { type: "text/javascript", source: () => start },
  };
  return {
    name: "asci-api-reference",
    configureServer(server) {
      server.middlewares.use("/api-reference", (request, response, next) => {
        const file = files[request.url?.slice(1) ?? ""];
        if (file) response.setHeader("content-type", file.type).end(file.source());
        else next();
      });
    },
    generateBundle() {
      for (const [name, { source }] of Object.entries(files))
        this.emitFile({ type: "asset", fileName: `api-reference/${name}`, source: source() });
    },
  };
}

export default defineConfig({
  root: here("."),
  publicDir: here("./public"),
  plugins: [solid(), earlyTheme(), apiReference()],
  server: { host: "127.0.0.1" },
  build: {
    // noVNC has a top-level await; Safari 16 is the oldest iPad that still gets updates.
    target: ["es2022", "chrome107", "firefox110", "safari16"],
    outDir: here("../dist/ui"),
    emptyOutDir: true,
    assetsDir: "assets",
    // The page's policy has no data: for scripts and styles, and small files compress better together.
    assetsInlineLimit: 0,
    // All of it is 7 KB compressed: one file, and no page that waits for its own.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What the first page needs is one file, however many later pages share parts of it: each
        // part of its own would be one more request, and compress worse.
        codeSplitting: { groups: [{ name: "first", tags: ["$initial"] }] },
        chunkFileNames: (chunk) =>
          chunk.facadeModuleId?.includes("@novnc") === true
            ? "assets/novnc-[hash].js"
            : "assets/[name]-[hash].js",
      },
    },
  },
});
