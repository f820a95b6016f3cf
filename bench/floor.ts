import { randomBytes } from "node:crypto";
import { watch } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";

export interface FloorOptions {
  image: string;
  /** A directory of the host that becomes the person's home; it belongs to `uid`. */
  home: string;
  uid: number;
  runs: number;
  /** The group that the display's socket is given to; the runs themselves need no such group. */
  socketGid?: number;
  /** What an installation's own desktops have, where there is one to be compared with. */
  like?: Pick<
    Docker.HostConfig,
    "NetworkMode" | "Memory" | "MemorySwap" | "NanoCpus" | "PidsLimit"
  >;
}

/** One start of a desktop, each figure in ms since the engine was asked to create the container. */
export interface FloorRun {
  createdMs: number;
  startedMs: number;
  /** The display has its wallpaper and answers with the RFB banner. */
  bannerMs: number;
  /** The panel's window is viewable. */
  panelMs: number;
}

const user = "floor";
const limitMs = 60_000;

/**
 * How fast a desktop can be on this machine: nothing but the engine and the image, with the options that the controller
 * uses, one after the other. Everything else (a click, a database, a browser) comes on top.
 * @throws Error when a desktop does not come up within a minute
 */
export async function measureFloor(docker: Docker, options: FloorOptions): Promise<FloorRun[]> {
  const directory = await mkdtemp(join(tmpdir(), "floor-"));
  await chmod(directory, 0o755);
  const runs: FloorRun[] = [];
  try {
    for (let index = 0; index < options.runs; index++) {
      runs.push(await measureOnce(docker, options, join(directory, String(index))));
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return runs;
}

async function measureOnce(
  docker: Docker,
  options: FloorOptions,
  directory: string,
): Promise<FloorRun> {
  const display = await prepare(directory, options);
  const seen = watchDisplay(display);
  let id: string | undefined;
  try {
    const began = performance.now();
    const since = (): number => performance.now() - began;
    const container = await docker.createContainer(describeContainer(options, directory, display));
    id = container.id;
    const createdMs = since();
    const banner = seen.appears("vnc.sock").then(() => readBanner(join(display, "vnc.sock")));
    const bannerMs = banner.then(since);
    const panelMs = seen.appears("panel").then(since);
    await container.start();
    const startedMs = since();
    const [bannerAt, panelAt] = await Promise.race([Promise.all([bannerMs, panelMs]), seen.failed]);
    return { createdMs, startedMs, bannerMs: bannerAt, panelMs: panelAt };
  } finally {
    seen.close();
    if (id !== undefined) await docker.getContainer(id).remove({ force: true });
  }
}

async function prepare(directory: string, { uid, socketGid = uid }: FloorOptions): Promise<string> {
  const users = join(directory, "extrausers");
  const display = join(directory, "vnc");
  await mkdir(users, { recursive: true });
  await mkdir(display);
  await chown(display, uid, socketGid);
  await chmod(display, 0o2770);
  await writeFile(
    join(users, "passwd"),
    `${user}:x:${uid}:${uid}:${user}:/home/${user}:/bin/bash\n`,
  );
  await writeFile(join(users, "group"), `${user}:x:${uid}:\n`);
  return display;
}

function describeContainer(
  { image, home, uid, like }: FloorOptions,
  directory: string,
  display: string,
): Docker.ContainerCreateOptions {
  return {
    Image: image,
    User: `${uid}:${uid}`,
    Hostname: "floor",
    Env: [
      `USER=${user}`,
      `LOGNAME=${user}`,
      `HOME=/home/${user}`,
      "LANG=en_AU.UTF-8",
      "TZ=UTC",
      `ASCI_VNC_PASSWD=${randomBytes(16).toString("base64")}`,
    ],
    HostConfig: {
      Init: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      ShmSize: 1024 ** 3,
      Memory: 4 * 1024 ** 3,
      NanoCpus: 2e9,
      PidsLimit: 2048,
      Binds: [
        `${display}:/run/asci`,
        `${join(directory, "extrausers")}:/var/lib/extrausers:ro`,
        `${home}:/home/${user}`,
      ],
      ...like,
    },
  };
}

interface DisplayWatch {
  /** Resolves when a file of that name is in the directory. */
  appears: (name: string) => Promise<void>;
  /** Rejects when it takes too long. */
  failed: Promise<never>;
  close: () => void;
}

function watchDisplay(display: string): DisplayWatch {
  const names = new Set<string>();
  const waiting = new Map<string, () => void>();
  const watcher = watch(display, (_event, name) => {
    if (name === null) return;
    names.add(name);
    waiting.get(name)?.();
  });
  let timer: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no desktop within ${limitMs / 1000} s; seen: ${[...names].join(", ")}`));
    }, limitMs);
  });
  failed.catch(() => undefined);
  return {
    appears: (name) =>
      new Promise((resolve) => {
        waiting.set(name, resolve);
        if (names.has(name)) resolve();
      }),
    failed,
    close: () => {
      clearTimeout(timer);
      watcher.close();
    },
  };
}

/** Waits for the first bytes of the RFB protocol (RFC 6143, 7.1.1). */
function readBanner(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("error", reject);
    socket.once("data", (data) => {
      socket.destroy();
      if (data.subarray(0, 4).toString("latin1") === "RFB ") resolve();
      else reject(new Error("the display's socket does not speak RFB"));
    });
  });
}
