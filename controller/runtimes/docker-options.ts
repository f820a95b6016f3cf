import type { ContainerCreateOptions, DeviceRequest, NetworkCreateOptions } from "dockerode";
import { bridgeName } from "../firewall-rules.ts";
import { gpuEnv } from "./docker-gpus.ts";
import { holderImage, holderProgram } from "./holder-image.ts";
import type { ContainerWish } from "./runtime.ts";

export interface Ownership {
  readonly installationId: string;
  readonly nodeId: string;
  readonly network: string;
  /** Addresses of ASCI's parts on other hosts, e.g. the database's; desktops are kept from them. */
  readonly parts?: readonly string[];
}

export const bridgeOption = "com.docker.network.bridge.name";

const shmBytes = 1024 ** 3;

/** Of every desktop: those that join a network made beforehand have the name that it was made with. */
const hostName = "desktop";

const unprivileged = {
  CapDrop: ["ALL"],
  SecurityOpt: ["no-new-privileges"],
  RestartPolicy: { Name: "no" },
};

/** `asci-<instanceId>-<incarnation>`: the name is the fence that the engine knows. */
export function containerName(wish: { instanceId: string; incarnation: number }): string {
  return `asci-${wish.instanceId}-${wish.incarnation}`;
}

export function labelsOf(wish: ContainerWish, own: Ownership): Record<string, string> {
  return {
    "asci.installation": own.installationId,
    "asci.node": own.nodeId,
    "asci.instance": wish.instanceId,
    "asci.incarnation": String(wish.incarnation),
    "asci.environment": wish.environment,
    "asci.owner": wish.person.username,
  };
}

/** The network of all desktops of a node: no traffic between them, an interface that rules can name. */
export function networkOptions(own: Ownership): NetworkCreateOptions {
  return {
    Name: own.network,
    // Names of networks are not unique by themselves, and a container cannot join an ambiguous one.
    CheckDuplicate: true,
    Driver: "bridge",
    EnableIPv6: false,
    Labels: { "asci.installation": own.installationId },
    Options: {
      "com.docker.network.bridge.enable_icc": "false",
      [bridgeOption]: bridgeName(own.installationId),
    },
  };
}

const joined = "container:";

/** @returns the id of the container whose network another one has that was made with this mode */
export function networkHolderOf(networkMode: string | undefined): string | undefined {
  return networkMode?.startsWith(joined) ? networkMode.slice(joined.length) : undefined;
}

/** A container that has a network, and else nothing: no privileges, no files. */
export function holderOptions(own: Ownership): ContainerCreateOptions {
  return {
    Image: holderImage,
    Entrypoint: [holderProgram],
    Hostname: hostName,
    User: "65534:65534",
    // It hears no other.
    StopSignal: "SIGKILL",
    HostConfig: {
      ...unprivileged,
      NetworkMode: own.network,
      // Nobody needs one that has ended.
      AutoRemove: true,
      ReadonlyRootfs: true,
      IpcMode: "none",
      // What starts it needs more than it does itself.
      Memory: 64 * 1024 ** 2,
      PidsLimit: 64,
      LogConfig: { Type: "none", Config: {} },
    },
  };
}

/** It counts as the desktop's own memory, so its limit is that of the container as well. */
const passingHomeOf = ({ person, memoryLimitBytes }: ContainerWish) => ({
  [`/home/${person.username}`]: `rw,exec,nosuid,nodev,uid=${person.uid},gid=${person.gid},size=${Math.floor(memoryLimitBytes / 2)}`,
});

/**
 * How a desktop's container is held: the person's own uid and groups, no capabilities, no way to new privileges,
 * the engine's default seccomp profile, limits on memory, CPU and processes.
 */
export function createOptions(
  wish: ContainerWish,
  own: Ownership,
  { gpus = [], holder }: { gpus?: readonly DeviceRequest[]; holder?: string | undefined } = {},
): ContainerCreateOptions {
  const env = { ...wish.env, ...gpuEnv(gpus) };
  return {
    Image: wish.image,
    // With another's network comes its name.
    ...(holder === undefined ? { Hostname: hostName } : {}),
    User: `${wish.person.uid}:${wish.person.gid}`,
    WorkingDir: `/home/${wish.person.username}`,
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    Labels: labelsOf(wish, own),
    HostConfig: {
      Init: true,
      GroupAdd: wish.person.groups.map(String),
      ...unprivileged,
      NetworkMode: holder === undefined ? own.network : `${joined}${holder}`,
      ShmSize: shmBytes,
      PidsLimit: wish.pidsLimit,
      Memory: wish.memoryLimitBytes,
      // Swap counts as memory: a hog meets its limit, not the node's disk.
      MemorySwap: wish.memoryLimitBytes,
      NanoCpus: Math.round(wish.cpuLimit * 1e9),
      LogConfig: { Type: "json-file", Config: { "max-size": "5m", "max-file": "2" } },
      Mounts: wish.mounts.map((it) => ({
        Type: "bind",
        Source: it.source,
        Target: it.target,
        ReadOnly: it.readOnly,
      })),
      ...(gpus.length > 0 ? { DeviceRequests: [...gpus] } : {}),
      ...(wish.passingHome ? { Tmpfs: passingHomeOf(wish) } : {}),
    },
  };
}
