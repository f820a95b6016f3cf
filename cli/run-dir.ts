import { execFile } from "node:child_process";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Sockets of an installation's parts and of its desktops; short, for a socket's path ends at 107 bytes. */
export function runDirOf(installationId: string): string {
  return join("/run/asci", installationId.slice(0, 8));
}

/** Others may pass through to what they know the name of, and list nothing. */
export async function ensureRunDir(installationId: string): Promise<string> {
  const path = runDirOf(installationId);
  await mkdir(path, { recursive: true, mode: 0o711 });
  return path;
}

/** Each desktop's folder has a small file system of its own, which outlives a killed controller. */
export async function unmountBelow(path: string): Promise<void> {
  const table = await readFile("/proc/self/mountinfo", "utf8");
  // Field 5 is the mount point (proc(5)).
  const points = table.split("\n").map((line) => unescaped(line.split(" ")[4] ?? ""));
  for (const point of points.filter((it) => it.startsWith(`${path}/`)))
    await execute("umount", ["--lazy", point]).catch(() => undefined);
}

/** Spaces and the like stand there as three octal digits. */
function unescaped(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** Only once the installation's desktops are gone. */
export async function removeRunDir(installationId: string): Promise<void> {
  const path = runDirOf(installationId);
  await unmountBelow(path);
  await rm(path, { recursive: true, force: true });
}
