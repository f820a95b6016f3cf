/** What a controller needs of whatever runs containers. Docker stands behind it, Kubernetes can. */

export type ContainerStatus = "created" | "running" | "paused" | "exited";

export interface ObservedContainer {
  readonly id: string;
  readonly instanceId: string;
  readonly incarnation: number;
  readonly status: ContainerStatus;
}

export interface ContainerEnd {
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  /** The engine's own words; empty where it has none. */
  readonly error: string;
  /** Null where it never ran. */
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export interface ContainerWish {
  readonly instanceId: string;
  readonly incarnation: number;
  readonly environment: string;
  /** The image's id or digest: what is run is what the version names, whatever the tag says now. */
  readonly image: string;
  /** UUIDs of the GPUs, or slices of some, that it is given; nothing else of them is within its reach. */
  readonly gpus: readonly string[];
  readonly person: {
    readonly username: string;
    readonly uid: number;
    readonly gid: number;
    /** Beside the own one. */
    readonly groups: readonly number[];
  };
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly { source: string; target: string; readOnly: boolean }[];
  /** A folder in memory in place of the person's home, theirs alone and gone with the container. */
  readonly passingHome: boolean;
  /** Cores. */
  readonly cpuLimit: number;
  /** Processes and threads. */
  readonly pidsLimit: number;
  readonly memoryLimitBytes: number;
}

export type RuntimeFault =
  | "engine_unreachable"
  | "isolation_missing"
  | "image_missing"
  | "image_pull_failed"
  | "image_changed"
  | "image_in_use"
  | "disk_limit"
  | "gpu_unavailable"
  | "disk_full"
  | "home_unreachable"
  | "data_unreachable"
  | "name_taken"
  | "not_found"
  | "engine_error";

export class RuntimeError extends Error {
  readonly code: RuntimeFault;
  constructor(code: RuntimeFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RuntimeError";
    this.code = code;
  }
}

export interface EngineReport {
  /** Its own, the same for as long as its data are; empty where it has none. */
  readonly engineId: string;
  /** Where images and containers lie; empty where it does not say. */
  readonly dataRoot: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly labels: Record<string, string>;
}

export interface Runtime {
  report(): Promise<EngineReport>;
  /** Whether the engine takes a new call and answers it, within seconds. */
  ping(): Promise<void>;
  /** Makes what containers need in common, e.g. their network. */
  prepare(): Promise<void>;
  /**
   * Makes beforehand what starts would wait for, and clears away what others left of it.
   * @returns ids of instances that run and have lost their network
   */
  stockUp(): Promise<string[]>;
  /** Removes what was made beforehand and is in nobody's use. */
  close(): Promise<void>;
  /** Every container with this installation's and this node's labels. */
  list(): Promise<ObservedContainer[]>;
  find(instanceId: string): Promise<ObservedContainer[]>;
  /** @returns the new container's id @throws RuntimeError `name_taken` where one stands already */
  create(wish: ContainerWish): Promise<string>;
  start(containerId: string): Promise<void>;
  /** Asks it to end, and kills it after the grace period. Done where it has ended or is gone. */
  stop(containerId: string, graceSeconds: number): Promise<void>;
  end(containerId: string): Promise<ContainerEnd>;
  /** Removes it and resolves once it has been seen gone. */
  remove(containerId: string): Promise<void>;
  /**
   * Calls back for every change of a container of ours until the stream breaks or the signal aborts.
   * Events can be missed: `onOpen` runs when the stream stands, and then everything is listed anew.
   */
  watch(
    handlers: { onOpen(): void; onChange(instanceId: string): void },
    signal: AbortSignal,
  ): Promise<void>;
}
