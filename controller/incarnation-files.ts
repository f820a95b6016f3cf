/**
 * The host's folders behind one container. Everything above `vnc/` belongs to root; `vnc/` belongs to
 * the person and is hostile from the moment the container starts.
 */
import { chown, lstat, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { removeRoom, type Rooms } from "./rooms.ts";

export interface Person {
  readonly username: string;
  readonly uid: number;
  readonly displayName: string;
}

export interface IncarnationFiles {
  readonly folder: string;
  readonly vnc: string;
  readonly accounts: string;
  readonly home: string;
}

export interface FileRoots {
  /** `/run/asci/<installation>`. */
  readonly runDir: string;
  readonly homesDir: string;
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

async function prepareHome(roots: FileRoots, person: Person): Promise<string> {
  const home = join(roots.homesDir, person.username);
  await mkdir(roots.homesDir, { recursive: true, mode: 0o711 });
  // An existing home is the person's own affair: it is never given another owner.
  if (await exists(home)) return home;
  // Complete before it gets its name: a start that is cut off leaves no home with a wrong owner.
  const fresh = await mkdtemp(join(roots.homesDir, ".new-"));
  await chown(fresh, person.uid, person.uid);
  try {
    await rename(fresh, home);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    if (!(await exists(home))) throw error;
  }
  return home;
}

async function prepareAccounts(folder: string, person: Person): Promise<string> {
  const accounts = join(folder, "extrausers");
  await mkdir(accounts, { recursive: true, mode: 0o755 });
  const { username, uid } = person;
  const passwd = `${username}:x:${uid}:${uid}:${gecos(person.displayName)}:/home/${username}:/bin/bash\n`;
  await Promise.all([
    writeFile(join(accounts, "passwd"), passwd, { mode: 0o644 }),
    writeFile(join(accounts, "group"), `${username}:x:${uid}:\n`, { mode: 0o644 }),
    writeFile(join(accounts, "shadow"), "", { mode: 0o644 }),
  ]);
  return accounts;
}

/** Makes the folders of a new container, and the person's home where they have none yet. */
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
  const [accounts, home] = await Promise.all([
    prepareAccounts(folder, person),
    prepareHome(roots, person),
  ]);
  return { folder, vnc: join(folder, "vnc"), accounts, home };
}

/** Removes the folders of a container that is gone. Links in them are removed, never followed. */
export async function removeIncarnationFiles(
  roots: FileRoots,
  instanceId: string,
  incarnation: number,
): Promise<void> {
  await removeRoom(incarnationFolder(roots.runDir, instanceId, incarnation));
}
