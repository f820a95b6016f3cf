import type { ContainerCreateOptions, DeviceRequest, NetworkCreateOptions } from "dockerode";
import { bridgeName } from "../firewall-rules.ts";
import { gpuEnv } from "./docker-gpus.ts";
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
  gpus: readonly DeviceRequest[] = [],
): ContainerCreateOptions {
  const env = { ...wish.env, ...gpuEnv(gpus) };
  return {
    Image: wish.image,
    Hostname: wish.environment.slice(0, 63),
    User: `${wish.person.uid}:${wish.person.gid}`,
    WorkingDir: `/home/${wish.person.username}`,
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    Labels: labelsOf(wish, own),
    HostConfig: {
      Init: true,
      GroupAdd: wish.person.groups.map(String),
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      RestartPolicy: { Name: "no" },
      NetworkMode: own.network,
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
