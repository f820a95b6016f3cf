import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";
import { explainFailure } from "./build-error.ts";
import {
  ensureDebootstrap,
  exists,
  findProcess,
  findProgram,
  rootPrefix,
  runCommand,
} from "./host.ts";
import type { Mirrors } from "./mirror.ts";
import type { OnProgress } from "./progress.ts";
import { findImage, followStream } from "./stream.ts";

/** Raised when a bare Debian is made differently, so that the old one is not taken. */
export const debianRecipe = "1";
const registryAnswerMs = 6_000;
const scripts = "/usr/share/debootstrap/scripts";
/** Lines that debootstrap prints for a minimal Debian; only its percentage hangs on it. */
const usualLines = 330;

export interface DebianOptions {
  suite: string;
  mirrors: Mirrors;
  onProgress?: OnProgress;
}

/**
 * A bare Debian to build on: from the engine where it has one, from a registry where one answers, else made here by
 * debootstrap with the host's own sources.
 * @returns the image's name
 * @throws BuildError, HostError
 */
export async function ensureDebian(docker: Docker, options: DebianOptions): Promise<string> {
  const official = `debian:${options.suite}-slim`;
  const own = `asci/debian:${options.suite}-${debianRecipe}`;
  if ((await findImage(docker, official)) !== undefined) return official;
  if ((await findImage(docker, own)) !== undefined) return own;
  if (await pullDebian(docker, official, options.onProgress)) return official;
  await bootstrapDebian(docker, own, options);
  return own;
}

async function pullDebian(
  docker: Docker,
  image: string,
  onProgress: OnProgress | undefined,
): Promise<boolean> {
  onProgress?.({ phase: "debian", line: "Asking the registry for Debian" });
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), registryAnswerMs);
  try {
    const stream = await docker.createImage({ fromImage: image, abortSignal: giveUp.signal });
    await followStream(stream, (line) => {
      // The first line only repeats the question; with the second one the registry has answered.
      if (!line.startsWith("Pulling from")) clearTimeout(timer);
      onProgress?.({ phase: "debian", line });
    });
    return (await findImage(docker, image)) !== undefined;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

async function bootstrapDebian(
  docker: Docker,
  image: string,
  { suite, mirrors, onProgress }: DebianOptions,
): Promise<void> {
  const say = (line: string, percent?: number): void =>
    onProgress?.({ phase: "debian", line, ...(percent === undefined ? {} : { percent }) });
  say("No registry answers: making a bare Debian with debootstrap");
  await ensureDebootstrap({ onLine: (line) => say(line) });
  await removeLeftovers();
  const directory = await mkdtemp(join(tmpdir(), `asci-debian-${process.pid}-`));
  try {
    let lines = 0;
    await debootstrap(suite, directory, mirrors.main, (line) => {
      lines += 1;
      say(line, Math.min(95, Math.round((95 * lines) / usualLines)));
    });
    say("Importing the bare Debian into the engine", 96);
    await importDirectory(docker, directory, image);
    say("The bare Debian is ready", 100);
  } finally {
    await removeTree(directory);
  }
}

async function debootstrap(
  suite: string,
  directory: string,
  mirror: string,
  onLine: (line: string) => void,
): Promise<void> {
  const prefix = (await rootPrefix()) ?? [];
  // A release that this host's debootstrap does not know yet is made like the newest one that it does know.
  const script = (await exists(join(scripts, suite))) ? [] : [join(scripts, "sid")];
  const last: string[] = [];
  try {
    await runCommand(
      [
        ...prefix,
        ...(await dyingWithUs()),
        "debootstrap",
        "--variant=minbase",
        suite,
        directory,
        mirror,
        ...script,
      ],
      {
        onLine: (line) => {
          last.push(line);
          onLine(line);
        },
      },
    );
  } catch (error) {
    throw explainFailure(
      "no_debian",
      "A bare Debian could not be made: no container registry answers, and debootstrap failed. Where it does not know the release's key, update the package debian-archive-keyring.",
      last.slice(-15),
      error,
    );
  }
}

/**
 * debootstrap mounts things and starts programs. In namespaces of its own, and ended by the kernel when we are, it leaves
 * neither behind even when we are killed.
 */
async function dyingWithUs(): Promise<string[]> {
  const setpriv = await findProgram("setpriv");
  const unshare = await findProgram("unshare");
  if (setpriv === undefined || unshare === undefined) return [];
  return [setpriv, "--pdeathsig", "KILL", unshare, "--mount", "--pid", "--fork", "--kill-child"];
}

async function importDirectory(docker: Docker, directory: string, image: string): Promise<void> {
  const prefix = (await rootPrefix()) ?? [];
  const [program = "tar", ...args] = [
    ...prefix,
    "tar",
    "--numeric-owner",
    "--exclude=./var/cache/apt/archives/*.deb",
    "--exclude=./var/lib/apt/lists/*",
    "-C",
    directory,
    "-c",
    ".",
  ];
  const tar = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(tar, "close");
  const colon = image.lastIndexOf(":");
  const stream = await docker.importImage(tar.stdout, {
    repo: image.slice(0, colon),
    tag: image.slice(colon + 1),
  });
  const lines: string[] = [];
  try {
    await followStream(stream, (line) => lines.push(line));
  } catch (error) {
    lines.push(String(error));
    throw explainFailure("no_debian", "The engine did not take the bare Debian.", lines, error);
  }
  const [code]: unknown[] = await ended;
  if (code !== 0) throw explainFailure("no_debian", "The bare Debian could not be packed.", lines);
}

/** What a killed run left behind. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = /^asci-debian-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && (await findProcess(Number(pid))) === undefined)
      await removeTree(join(tmpdir(), name));
  }
}

async function removeTree(directory: string): Promise<void> {
  const prefix = (await rootPrefix()) ?? [];
  if (prefix.length === 0) await rm(directory, { recursive: true, force: true });
  else await runCommand([...prefix, "rm", "-rf", "--one-file-system", directory]);
}
