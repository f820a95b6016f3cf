/**
 * The host's folders behind one container. Everything above `vnc/` belongs to root; `vnc/` belongs to
 * the person and is hostile from the moment the container starts.
 */
import { lstat, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { InstanceSpec } from "../db/node-instances.ts";
import { removeRoom, type Rooms } from "./rooms.ts";

type Person = InstanceSpec["person"];

export interface IncarnationFiles {
  readonly folder: string;
  readonly vnc: string;
  readonly accounts: string;
}

export interface FileRoots {
  /** `/run/asci/<installation>`. */
  readonly runDir: string;
  readonly relayGid: number;
}

/** Where the folders of all containers lie. */
export function incarnationsDir(runDir: string): string {
  return join(runDir, "d");
}

export function incarnationFolder(runDir: string, instanceId: string, incarnation: number): string {
  return join(incarnationsDir(runDir), `${instanceId}-${incarnation}`);
}

/** A display name as a passwd field may carry it: no colon, no line break, no comma. */
function gecos(name: string): string {
  return name.replace(/[\p{Cc}:,]/gu, " ").slice(0, 100);
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}

async function prepareAccounts(folder: string, person: Person): Promise<string> {
  const accounts = join(folder, "extrausers");
  await mkdir(accounts, { recursive: true, mode: 0o755 });
  const { username, uid, gid, groups } = person;
  const group = [
    `${username}:x:${gid}:\n`,
    ...groups.map((it) => `${it.name}:x:${it.gid}:${username}\n`),
  ].join("");
  const passwd = `${username}:x:${uid}:${gid}:${gecos(person.displayName)}:/home/${username}:/bin/bash\n`;
  await Promise.all([
    writeFile(join(accounts, "passwd"), passwd, { mode: 0o644 }),
    writeFile(join(accounts, "group"), group, { mode: 0o644 }),
    writeFile(join(accounts, "shadow"), "", { mode: 0o644 }),
  ]);
  return accounts;
}

/** Makes the folders of a new container. */
export async function makeIncarnationFiles(
  roots: FileRoots,
  rooms: Rooms,
  incarnation: { instanceId: string; incarnation: number; person: Person },
): Promise<IncarnationFiles> {
  const { person } = incarnation;
  const folder = incarnationFolder(roots.runDir, incarnation.instanceId, incarnation.incarnation);
  // What a killed attempt left behind could be anything.
  if (await exists(folder)) await removeRoom(folder);
  await rooms.make(folder, { uid: person.uid, gid: roots.relayGid });
  const accounts = await prepareAccounts(folder, person);
  return { folder, vnc: join(folder, "vnc"), accounts };
}

/** Removes the folders of a container that is gone. Links in them are removed, never followed. */
export async function removeIncarnationFiles(
  roots: FileRoots,
  instanceId: string,
  incarnation: number,
): Promise<void> {
  await removeRoom(incarnationFolder(roots.runDir, instanceId, incarnation));
}
