import { watch } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createServer } from "vite";
import { launch } from "./launch.ts";
import type { PartName } from "./parts.ts";
import { freePort } from "./ports.ts";
import { localUrl, readSettings } from "./settings.ts";
import type { Settings } from "./settings.ts";
import type { Supervised } from "./supervise.ts";
import { say } from "./terminal.ts";
import { uiDir, viteConfig } from "./ui-build.ts";

const root = join(import.meta.dirname, "..");

/** The files that each part is made of, by their paths. */
const madeOf: Readonly<Record<PartName, RegExp>> = {
  gateway: /^(gateway|db|wire)\//,
  controller: /^(controller\/(?!relay\/)|db\/|scheduler\/|wire\/)/,
  relay: /^(controller|db|wire)\//,
};
const folders = ["controller", "db", "gateway", "scheduler", "wire"];

/**
 * What the gateway answers; every other path is a page or a part of one. The pages' own sources lie
 * below /api too.
 */
const gatewayPaths =
  /^\/(?!api\/[\w-]+\.tsx?(\?|$))(api|auth|healthz|readyz|metrics|\.well-known|vnc)(\/|\?|$)/
    .source;

const settleMs = 100;

/** `npm run dev`: like `npm start`, but pages are replaced in the browser and servers restarted when files change. */
export async function dev(environment: Readonly<NodeJS.ProcessEnv>): Promise<number> {
  const settings = readSettings(environment);
  const gateway = { host: "127.0.0.1", port: await freePort() };
  return launch({
    settings,
    gateway,
    uiDir,
    // The pages come from vite; the gateway only wants a folder to look into.
    preparePages: async () => void (await mkdir(uiDir, { recursive: true })),
    // Half a sentence in an editor is no reason to give up.
    attempts: Number.POSITIVE_INFINITY,
    afterReady: async (running) => {
      const closePages = await servePages(settings, localUrl(gateway));
      const closeWatchers = restartOnChange(running);
      return async () => {
        closeWatchers();
        await closePages();
      };
    },
  });
}

async function servePages(settings: Settings, gatewayUrl: string): Promise<() => Promise<void>> {
  const server = await createServer({
    configFile: viteConfig,
    server: {
      host: settings.host,
      port: settings.port,
      strictPort: true,
      // The browser's Host stays, so the gateway compares its Origin with the address that the person typed.
      proxy: { [gatewayPaths]: { target: gatewayUrl, ws: true, changeOrigin: false } },
    },
    logLevel: "warn",
    clearScreen: false,
  });
  await server.listen();
  return () => server.close();
}

function restartOnChange(running: Readonly<Record<PartName, Supervised>>): () => void {
  const names = Object.keys(madeOf) as PartName[];
  const timers = new Map<PartName, NodeJS.Timeout>();
  const restartSoon = (name: PartName, file: string): void => {
    clearTimeout(timers.get(name));
    // An editor writes a file in several steps, and a checkout writes many files.
    const timer = setTimeout(() => {
      say(`Restarting the ${name}: ${file} changed`);
      void running[name].restart();
    }, settleMs);
    timers.set(name, timer);
  };
  const changed = (file: string): void => {
    if (!/\.(ts|sql)$/.test(file) || file.endsWith(".test.ts")) return;
    for (const name of names) if (madeOf[name].test(file)) restartSoon(name, file);
  };
  const watchers = folders.map((folder) =>
    watch(join(root, folder), { recursive: true }, (_event, file) => {
      if (file !== null) changed(join(folder, file));
    }),
  );
  return () => {
    for (const watcher of watchers) watcher.close();
    for (const timer of timers.values()) clearTimeout(timer);
  };
}
