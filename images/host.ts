import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** What went wrong on the host: a command that failed, or one that is not there. */
export class HostError extends Error {
  readonly code: "command_failed" | "packages_failed" | "not_supported";

  constructor(code: HostError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HostError";
    this.code = code;
  }
}

export interface RunOptions {
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

const keptLines = 20;

/** The system's own directories: the daemons and debootstrap live in sbin, which a person's path often lacks. */
export function systemPath(path = ""): string {
  const wanted = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  const given = path.split(delimiter).filter((directory) => directory !== "");
  return [...given, ...wanted.filter((directory) => !given.includes(directory))].join(delimiter);
}

/** The environment that commands on the host are run with: the caller's, a complete path, plain English output. */
export function systemEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: systemPath(process.env["PATH"]), LC_ALL: "C.UTF-8" };
}

/** Path of a program on the host, or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const directory of systemPath(process.env["PATH"]).split(delimiter)) {
    const path = join(directory, name);
    if (await exists(path)) return path;
  }
  return undefined;
}

/** Name and start time of a running process, by /proc/PID/stat (proc(5)); undefined when there is none. */
export async function findProcess(
  pid: number,
): Promise<{ name: string; startTicks: string } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const nameEnd = text.lastIndexOf(")");
  const fields = text.slice(nameEnd + 2).split(" ");
  // A zombie has ended; only its parent has not looked yet.
  if (fields[0] === "Z") return undefined;
  return { name: text.slice(text.indexOf("(") + 1, nameEnd), startTicks: fields[19] ?? "" };
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Runs a command to its end, each line of its output given to `onLine`.
 * @throws HostError `command_failed` with the last lines of output
 */
export async function runCommand(argv: readonly string[], options: RunOptions = {}): Promise<void> {
  const [program, ...args] = argv;
  if (program === undefined) throw new HostError("command_failed", "no command was given");
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...systemEnvironment(), DEBIAN_FRONTEND: "noninteractive" },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const last: string[] = [];
  const read = async (stream: Readable): Promise<void> => {
    for await (const line of createInterface({ input: stream })) {
      last.push(line);
      if (last.length > keptLines) last.shift();
      options.onLine?.(line);
    }
  };
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).catch((error: unknown) => {
    throw new HostError("command_failed", `${program} could not be run`, { cause: error });
  });
  const [code] = await Promise.all([ended, read(child.stdout), read(child.stderr)]);
  if (code !== 0) {
    throw new HostError(
      "command_failed",
      [`${argv.join(" ")} ended with ${code === null ? "a signal" : `code ${code}`}`, ...last].join(
        "\n",
      ),
    );
  }
}

/** True on Debian, Ubuntu and what is derived from them. */
export function isDebianLike(osRelease = readOsRelease()): boolean {
  const words = new Set(
    [...osRelease.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].flatMap((match) =>
      (match[1] ?? "").split(" "),
    ),
  );
  return words.has("debian") || words.has("ubuntu");
}

function readOsRelease(): string {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    return "";
  }
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** How a command is run as root from here, or undefined where it cannot be: directly, or by a sudo that asks nothing. */
export async function rootPrefix(): Promise<readonly string[] | undefined> {
  if (isRoot()) return [];
  const sudo = await findProgram("sudo");
  if (sudo === undefined) return undefined;
  return runCommand([sudo, "-n", "true"]).then(
    () => [sudo, "-n"],
    () => undefined,
  );
}

/**
 * Installs Debian packages, without recommended ones, after refreshing the package lists.
 * @throws HostError `not_supported` where that is not possible, `packages_failed` where it did not work
 */
export async function installPackages(
  packages: readonly string[],
  options: RunOptions = {},
): Promise<void> {
  const prefix = isDebianLike() ? await rootPrefix() : undefined;
  if (prefix === undefined) {
    throw new HostError("not_supported", `Install ${packages.join(" and ")} and start again.`);
  }
  const apt = [
    ...prefix,
    "env",
    "DEBIAN_FRONTEND=noninteractive",
    "apt-get",
    "-q",
    "-o",
    "DPkg::Lock::Timeout=300",
  ];
  // One broken foreign source must not stop us: what decides is whether the install works.
  await runCommand([...apt, "update"], options).catch(() => undefined);
  try {
    await runCommand([...apt, "install", "-y", "--no-install-recommends", ...packages], options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HostError(
      "packages_failed",
      `Installing ${packages.join(" and ")} failed.\n${reason}`,
      { cause: error },
    );
  }
}

/** Makes sure that debootstrap is there, with the keyring that knows Debian's releases. */
export async function ensureDebootstrap(options: RunOptions = {}): Promise<void> {
  if ((await findProgram("debootstrap")) !== undefined) return;
  await installPackages(["debootstrap", "debian-archive-keyring"], options);
}
