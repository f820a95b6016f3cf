/** What of the site's storage a desktop finds: its owner's home, and the data of experiments they took part in. */
import type { ExperimentData, InstanceSpec } from "../db/node-instances.ts";
import { StartFailure } from "./await-ready.ts";
import { RuntimeError, type ContainerWish } from "./runtimes/runtime.ts";
import { StorageError, type Storage, type Storages } from "./storage/storage.ts";
import { dataPath, homePath } from "./storage/template.ts";

/** Where a site keeps things, and whether ASCI makes what is missing there. */
export interface Sites {
  readonly homes: string;
  readonly makesHomes: boolean;
  /** Undefined: only what an experiment says of itself. */
  readonly data: string | undefined;
  readonly makesData: boolean;
}

type Mount = ContainerWish["mounts"][number];
type What = "home" | "data";

const full = new Set(["ENOSPC", "EDQUOT"]);

function wordsOf(what: string, { code, path, message }: StorageError, wanted: string): string {
  const where = path ?? wanted;
  switch (code) {
    case "missing":
      return `${what} should be at ${wanted}, and there is no ${where}`;
    case "link":
      return `on the way to ${what}, ${where} is a link that the system's administrator did not make`;
    case "open":
      return `on the way to ${what}, ${where} is a folder in which its user can put something else in its place`;
    case "not_folder":
      return `on the way to ${what}, ${where} is not a folder`;
    case "node":
      return `${what} would be ${where}, a folder of the node's own`;
    case "refused":
      return `the storage does not let this node into ${where}, on the way to ${what}`;
    default:
      return `the storage with ${what} (${wanted}) answers: ${message}`;
  }
}

/** What a fault of the storage means for a start: some are for good, others may pass. */
function faultOf(kind: What, what: string, error: unknown, wanted: string): Error {
  if (!(error instanceof StorageError)) return error as Error;
  const options = { cause: error };
  if (full.has(error.code))
    return new RuntimeError("disk_full", `The storage for ${what} is full.`, options);
  const text = wordsOf(what, error, wanted);
  if (error.code === "missing") return new StartFailure({ code: `${kind}_missing`, text });
  if (["link", "open", "not_folder", "refused", "node"].includes(error.code))
    return new StartFailure({ code: `${kind}_unusable`, text });
  return new RuntimeError(`${kind}_unreachable`, text, options);
}

/** The node's own, which no experiment's data lies in, whoever says so. */
const ofTheNode =
  /^\/$|^\/(bin|boot|dev|etc|lib|lib32|lib64|proc|root|run|sbin|sys|usr|var\/(lib|run|spool|log))(\/|$)/;

const gidsOf = ({ gid, groups, allGids }: InstanceSpec["person"]): number[] => [
  gid,
  ...groups.map((it) => it.gid),
  ...allGids,
];

/** None for a station: who comes next would find there what those before them left. */
async function homeMount(
  storage: Storage,
  sites: Sites,
  { person }: InstanceSpec,
): Promise<Mount[]> {
  if (person.station) return [];
  const { uid, gid } = person;
  const path = homePath(sites.homes, person);
  const make = sites.makesHomes ? { uid, gid, mode: 0o700 } : null;
  const source = await storage
    .folder({ path, person: { uid, gids: gidsOf(person) }, make })
    .catch((error: unknown) => {
      throw faultOf("home", `the home folder of ${person.username}`, error, path);
    });
  return [{ source, target: `/home/${person.username}`, readOnly: false }];
}

/**
 * A desktop that is for an experiment does not start without its data: who does not see it would work
 * elsewhere. That of others is left out where it cannot be had, and so is what has not begun.
 */
async function dataMount(
  storage: Storage,
  sites: Sites,
  { person }: InstanceSpec,
  data: ExperimentData,
): Promise<Mount[]> {
  const path = dataPath(sites.data, data);
  if (path === null) return [];
  // Root's, so that no member can shut the others out of it.
  const makes = sites.makesData && data.path === null;
  const make = makes ? { uid: 0, gid: data.gid, mode: 0o2770 } : null;
  try {
    const source = await storage.folder({
      path,
      person: { uid: person.uid, gids: gidsOf(person) },
      make,
    });
    if (data.path !== null && ofTheNode.test(source))
      throw new StorageError("node", "a folder of the node's own", source);
    const target = `/data/${data.beamline}/${data.experiment}`;
    return [{ source, target, readOnly: data.access === "read" }];
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    if (!data.chosen || (!data.begun && error.code === "missing")) return [];
    throw faultOf("data", `the data of experiment ${data.experiment}`, error, path);
  }
}

/** @throws StartFailure @throws RuntimeError */
export async function desktopFolders(
  storage: Storages,
  sites: Sites,
  spec: InstanceSpec,
): Promise<Mount[]> {
  const data = spec.data.map((it) => dataMount(storage.data, sites, spec, it));
  const mounts = await Promise.all([homeMount(storage.homes, sites, spec), ...data]);
  return mounts.flat();
}
