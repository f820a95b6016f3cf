import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
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

export default defineConfig({
  root: here("."),
  publicDir: here("./public"),
  plugins: [solid(), earlyTheme()],
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
        chunkFileNames: (chunk) =>
          chunk.facadeModuleId?.includes("@novnc") === true
            ? "assets/novnc-[hash].js"
            : "assets/[name]-[hash].js",
      },
    },
  },
});
