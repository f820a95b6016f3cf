import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

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

/** Only once the installation's desktops are gone. */
export async function removeRunDir(installationId: string): Promise<void> {
  await rm(runDirOf(installationId), { recursive: true, force: true });
}
