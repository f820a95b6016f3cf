/** A whole installation for tests: what `npm start` runs, with a data folder and a port of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "../cli/ports.ts";

const root = join(import.meta.dirname, "..");
const readyLine = /^ASCI is ready at (http:\/\/\S+)$/;

export interface TestInstallation {
  readonly url: string;
  readonly dataDir: string;
  readonly password: string;
  readonly supervisor: ChildProcess;
  readonly output: string[];
  /** Ctrl-C: ASCI stops, its desktops go on. */
  interrupt(): Promise<number | null>;
  /** `npm start` again on the same data. */
  startAgain(): Promise<TestInstallation>;
  /** Stops everything, desktops included, and removes the data. */
  remove(): Promise<void>;
}

function runCommand(command: string, env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [join(root, "cli/main.ts"), command], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function untilReady(child: ChildProcess, output: string[]): Promise<string> {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error("the command has no output to read");
  createInterface(stderr).on("line", (line) => output.push(line));
  return new Promise((resolve, reject) => {
    createInterface(stdout).on("line", (line) => {
      output.push(line);
      const url = readyLine.exec(line)?.[1];
      if (url) resolve(url);
    });
    child.once("exit", (code) =>
      reject(new Error(`start ended with ${code}:\n${output.join("\n")}`)),
    );
  });
}

async function startOn(
  dataDir: string,
  port: number,
  password: string,
  more: Record<string, string>,
): Promise<TestInstallation> {
  const env = {
    ASCI_DATA: dataDir,
    ASCI_PORT: String(port),
    ASCI_ADMIN_PASSWORD: password,
    ...more,
  };
  const supervisor = runCommand("start", env);
  const output: string[] = [];
  const url = await untilReady(supervisor, output);
  const interrupt = async (): Promise<number | null> => {
    if (supervisor.exitCode !== null || supervisor.signalCode !== null) return supervisor.exitCode;
    const exited = once(supervisor, "exit");
    supervisor.kill("SIGINT");
    await exited;
    return supervisor.exitCode;
  };
  return {
    url,
    dataDir,
    password,
    supervisor,
    output,
    interrupt,
    startAgain: () => startOn(dataDir, port, password, more),
    async remove() {
      await interrupt();
      const stop = runCommand("stop", env);
      stop.stdout?.resume();
      stop.stderr?.resume();
      await once(stop, "exit");
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Starts an installation on an empty data folder and waits for its ready line. */
export async function startInstallation(
  env: Record<string, string> = {},
): Promise<TestInstallation> {
  const dataDir = await mkdtemp(join(tmpdir(), "asci-test-"));
  return startOn(dataDir, await freePort(), "a password for tests", env);
}
