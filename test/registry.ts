/** A real registry on the loopback, with what it keeps in a folder of its own. */
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../cli/ports.ts";
import { until } from "./browser.ts";

export interface Registry {
  /** As images' names begin, e.g. `127.0.0.1:40123`. */
  readonly host: string;
  /** Requests that it has answered, as it writes them down. */
  log(): Promise<string>;
  /** Ends as a crash does. */
  kill(): Promise<void>;
  remove(): Promise<void>;
}

/** Starts Debian's `docker-registry`, which the tests' setup installs. */
export async function startRegistry(): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), "asci-registry-"));
  const host = `127.0.0.1:${await freePort()}`;
  const config = join(folder, "config.yml");
  const logFile = join(folder, "log");
  await writeFile(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: "info", formatter: "text" },
      storage: { filesystem: { rootdirectory: join(folder, "data") }, delete: { enabled: true } },
      http: { addr: host },
    }),
  );
  const command = ["--pdeathsig", "KILL", "sh", "-c", 'exec docker-registry serve "$0" >"$1" 2>&1'];
  const child = spawn("/usr/bin/setpriv", [...command, config, logFile], { stdio: "ignore" });
  const log = () => readFile(logFile, "utf8").catch(() => "");
  await until("the registry answers", async () => {
    if (child.exitCode !== null) throw new Error(`the registry ended:\n${await log()}`);
    return fetch(`http://${host}/v2/`).then(
      (it) => it.ok,
      () => false,
    );
  });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  return {
    host,
    log,
    kill,
    async remove() {
      await kill();
      await rm(folder, { recursive: true });
    },
  };
}

/** Bytes that nothing packs. */
export const noise = (bytes: number) => randomBytes(bytes);

export const sha256 = (bytes: Uint8Array) =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Puts a blob into a repository, as a push does. @returns its digest */
export async function pushBlob(
  registry: Registry,
  repository: string,
  bytes: Buffer,
): Promise<string> {
  const base = `http://${registry.host}/v2/${repository}/blobs/uploads/`;
  const begun = await fetch(base, { method: "POST" });
  const place = new URL(begun.headers.get("location") ?? "", base);
  const digest = sha256(bytes);
  place.searchParams.set("digest", digest);
  const ended = await fetch(place, {
    method: "PUT",
    body: new Uint8Array(bytes),
    headers: { "content-type": "application/octet-stream" },
  });
  if (ended.status !== 201) throw new Error(`${ended.status}: ${await ended.text()}`);
  return digest;
}
