/** The gateway in real workerd, as `wrangler dev` runs it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { LoggedLine } from "../../gateway/testing.ts";
import { freePort } from "../../cli/ports.ts";

const root = join(import.meta.dirname, "..", "..");
/** The command, to be run with Node. */
export const wrangler = join(
  dirname(createRequire(import.meta.url).resolve("wrangler/package.json")),
  "bin",
  "wrangler.js",
);
const startLimitMs = 60_000;

export interface WorkerOptions {
  /** As the role of gateways. */
  readonly databaseUrl: string;
  /** 32 bytes. */
  readonly sealingKey: Uint8Array;
  /** Where nodes are reached; `{node}` stands for a node's name. */
  readonly nodeUrl?: string;
  readonly port?: number;
  readonly variables?: Readonly<Record<string, string>>;
}

export interface TestWorker {
  readonly origin: string;
  readonly port: number;
  /** Of the process that holds workerd. */
  readonly pid: number;
  /** What the Worker and its host have printed. */
  readonly output: string[];
  /** SIGKILL for everything that makes it. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** A line of the gateway's own, or one that the runtime prints of it, an uncaught error for example. */
export function loggedIn(line: string): LoggedLine {
  // Wrangler puts what it is before it, of warnings for example, and a colour around it.
  const start = line.indexOf('{"level":');
  if (start < 0) {
    const level = /error|uncaught|exception/i.test(line) ? "error" : "info";
    return { level, fields: {}, message: line };
  }
  const { level, msg, ...fields } = JSON.parse(
    line.slice(start, line.lastIndexOf("}") + 1),
  ) as LoggedLine["fields"];
  return { level: level as LoggedLine["level"], fields, message: String(msg) };
}

function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}

export function variablesOf({
  sealingKey,
  nodeUrl,
  variables,
}: WorkerOptions): Record<string, string> {
  return {
    ASCI_SEALING_KEY: Buffer.from(sealingKey).toString("base64"),
    ASCI_NODE_URL: nodeUrl ?? "http://{node}.invalid",
    ...variables,
  };
}

async function untilListening(origin: string, child: ChildProcess): Promise<void> {
  const limit = Date.now() + startLimitMs;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`wrangler ended with ${child.exitCode}`);
    const answer = await fetch(`${origin}/healthz`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer) return;
    if (Date.now() > limit) throw new Error("the Worker does not answer");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Starts it and resolves once it answers. Wrangler chooses some ports itself a moment before workerd takes them: where
 * something else came to take one, it is started again.
 */
export async function startWorker(options: WorkerOptions): Promise<TestWorker> {
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (tries === 5 || !/Address already in use/.test(String(error))) throw error;
    }
  }
}

async function startOnce(options: WorkerOptions): Promise<TestWorker> {
  const port = options.port ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), "asci-worker-"));
  const lines = Object.entries(variablesOf(options)).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(folder, "vars.env"), lines.join(""), { mode: 0o600 });
  const args = ["dev", "--config", join(root, "wrangler.toml"), "--ip", "127.0.0.1"];
  args.push("--port", String(port), "--inspector-port", String(await freePort()));
  args.push("--env-file", join(folder, "vars.env"), "--persist-to", join(folder, "state"));
  args.push("--show-interactive-dev-session=false");
  const child = spawn(process.execPath, [wrangler, ...args], {
    cwd: root,
    // Its workerd is a process of its own: one group, so that both can be ended.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      CI: "true",
      NO_COLOR: "1",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_LOG_PATH: join(folder, "logs"),
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_HYPERDRIVE: options.databaseUrl,
    },
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on("line", (line) => {
      output.push(line);
    });
  const exited = once(child, "exit");
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    endGroup(child, signal);
    await exited;
    endGroup(child, "SIGKILL");
    await rm(folder, { recursive: true, force: true });
  };
  const origin = `http://127.0.0.1:${port}`;
  await untilListening(origin, child).catch(async (error: unknown) => {
    await end("SIGKILL");
    throw new Error(`the Worker did not start:\n${output.join("\n")}`, { cause: error });
  });
  const pid = child.pid ?? 0;
  return { origin, port, pid, output, kill: () => end("SIGKILL"), stop: () => end("SIGTERM") };
}
