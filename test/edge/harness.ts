/** The bundled gateway in real workerd, many times a run: without a `wrangler dev` of its own for each file of tests. */
import { join } from "node:path";
import { inject } from "vitest";
import type { LoggedLine } from "../../gateway/testing.ts";
import { loggedIn, variablesOf, type WorkerOptions } from "./worker.ts";

const root = join(import.meta.dirname, "..", "..");

/** What wrangler reads from the environment of whoever calls it. */
const settings = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_LOG: "warn",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

export interface PrebuiltWorker {
  readonly origin: string;
  /** What was printed since it started, or since that was forgotten. */
  readonly log: { lines(): LoggedLine[]; forget(): void };
  stop(): Promise<void>;
}

async function listen(
  harness: { listen(): Promise<{ url: URL }> },
  databaseUrl: string,
): Promise<{ url: URL }> {
  const hyperdrive = "CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_HYPERDRIVE";
  const before = { ...process.env };
  Object.assign(process.env, settings, { [hyperdrive]: databaseUrl });
  try {
    return await harness.listen();
  } finally {
    for (const name of [...Object.keys(settings), hyperdrive])
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
  }
}

/**
 * Starts what the run's setup has bundled. What it asks of others goes through this process, which opens no WebSocket:
 * whatever is about nodes or other servers takes a Worker of its own.
 */
export async function startPrebuilt(options: WorkerOptions): Promise<PrebuiltWorker> {
  const prebuilt = inject("prebuilt");
  // It writes its log while it runs, not only while it starts.
  process.env["WRANGLER_LOG_PATH"] = join(prebuilt, "logs");
  // Only here: it takes a second that the tests on Node need not wait.
  const { createTestHarness } = await import("wrangler");
  const { ASCI_SEALING_KEY: sealingKey = "", ...vars } = variablesOf(options);
  const harness = createTestHarness({
    root,
    workers: [
      {
        configPath: "wrangler.toml",
        prebuiltWorkerDir: join(prebuilt, "bundle"),
        // Not as a secret: the configuration's own variables would go before it.
        vars,
        secrets: { ASCI_SEALING_KEY: sealingKey },
      },
    ],
  });
  const { url } = await listen(harness, options.databaseUrl);
  return {
    origin: url.origin,
    log: {
      lines: () => harness.getLogs().map(({ message }) => loggedIn(message)),
      forget: () => harness.clearLogs(),
    },
    stop: () => harness.close(),
  };
}
