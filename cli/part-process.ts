import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { LogFile } from "./log-file.ts";
import { withinNetwork } from "./cluster/network.ts";
import { identify } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { readableLine } from "./readable-line.ts";
import type { Part, Run } from "./supervise.ts";

export interface PartProcess {
  name: string;
  /** Path of the TypeScript file that Node runs. */
  entry: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** The network that it stands in, as a file (network_namespaces(7)); default: ours. */
  network?: string;
  log: LogFile;
  /** Warnings and errors that it writes, in words for the terminal. */
  onLine: (line: string) => void;
  /** A pid for whoever must end it when we cannot any more. */
  onStart: (identity: ProcessIdentity) => Promise<void>;
}

const stopLimitMs = 10_000;
const outputLimitMs = 500;

/**
 * A part that is a Node process of its own. It reports readiness by the message `{type: "ready"}`, writes JSON lines,
 * ends on SIGTERM, and ends by itself when its standard input closes, which the kernel does when we are gone.
 */
export function partProcess(options: PartProcess): Part {
  return { name: options.name, start: () => startProcess(options) };
}

async function startProcess(options: PartProcess): Promise<Run> {
  const [file, ...args] = withinNetwork(options.network, [process.execPath, options.entry]);
  const child = spawn(file, args, {
    env: { ...inherited(), ...options.environment },
    // A session of its own: the terminal's Ctrl-C is ours to pass on, in order.
    detached: true,
    stdio: ["pipe", "pipe", "pipe", "ipc"],
  });
  const complaint: Complaint = { last: undefined };
  const ended = endOf(child, complaint);
  const ready = new Promise<void>((resolve) => {
    child.on("message", (message: unknown) => {
      if (isReadyMessage(message)) resolve();
    });
  });
  // A child that is gone closes its end.
  child.stdin?.on("error", () => undefined);
  readOutput(child, options, complaint);
  const identity = child.pid === undefined ? undefined : await identify(child.pid);
  if (identity !== undefined) await options.onStart(identity);
  return {
    ready,
    ended,
    stop: () => stopChild(child, ended),
    kill: () => void child.kill("SIGKILL"),
  };
}

/** The caller's environment without what is meant for ASCI as a whole: a part gets its own share of that. */
function inherited(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(ASCI_|DATABASE_URL$|npm_|INIT_CWD$|NODE_CHANNEL_|SUDO_)/.test(name),
  );
  return { ...Object.fromEntries(kept), NODE_ENV: "production" };
}

function isReadyMessage(message: unknown): boolean {
  return (
    typeof message === "object" && message !== null && "type" in message && message.type === "ready"
  );
}

/** The last thing that a part said was wrong: the best guess at why it ended. */
interface Complaint {
  last: string | undefined;
}

function readOutput(child: ChildProcess, options: PartProcess, complaint: Complaint): void {
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on("line", (line) => {
      options.log.write(`${line}\n`);
      const readable = readableLine(line);
      if (readable === undefined) return;
      complaint.last = readable;
      options.onLine(`${options.name}: ${readable}`);
    });
  }
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on("line", (line) => {
      options.log.write(`${line}\n`);
      // Of an uncaught error the line that says what it is; the rest of its trace is for the log.
      if (/^(Uncaught )?[A-Z]\w*(Error|Failure)?( \[\w+\])?: /.test(line)) complaint.last = line;
      else if (/^\w/.test(line) && !line.startsWith("file:")) complaint.last ??= line;
    });
  }
}

function endOf(child: ChildProcess, complaint: Readonly<Complaint>): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => {
      const describe = (): void => {
        const how = signal === null ? `exit code ${code ?? 0}` : `signal ${signal}`;
        const said = code === 0 || signal !== null ? undefined : complaint.last;
        resolve(said === undefined ? how : `${how}: ${said}`);
      };
      child.once("close", describe);
      // Something that it started may hold its output open for long.
      setTimeout(describe, outputLimitMs).unref();
    });
  });
}

async function stopChild(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.kill("SIGTERM");
  const timer = new AbortController();
  const late = delay(stopLimitMs, true, { signal: timer.signal }).catch(() => false);
  if (await Promise.race([ended.then(() => false), late])) child.kill("SIGKILL");
  timer.abort();
  await ended;
}
