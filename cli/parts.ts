import { join } from "node:path";
import type { AddedNode, Provisioned } from "../db/provision.ts";
import type { DataFolder, Secrets } from "./data-folder.ts";
import { LogFile } from "./log-file.ts";
import { partProcess } from "./part-process.ts";
import type { PartProcess } from "./part-process.ts";
import type { Settings } from "./settings.ts";
import type { Part } from "./supervise.ts";
import type { SystemUser } from "./system-user.ts";

export type PartName = "gateway" | "controller" | "relay";

/** What every part is made with. */
export interface PartHost {
  folder: DataFolder;
  onLine: PartProcess["onLine"];
  onStart: (name: string, ...identity: Parameters<PartProcess["onStart"]>) => Promise<void>;
}

export interface GatewayContext {
  settings: Settings;
  /** Where the gateway listens: the site's address, but for a developer's server in front of it. */
  listen: { host: string; port: number };
  uiDir: string;
  secrets: Pick<Secrets, "sealingKey">;
  databaseUrl: string;
  gatewayUser: SystemUser;
}

export interface NodeContext {
  settings: Settings;
  node: AddedNode;
  runDir: string;
  relayUser: SystemUser;
  /** The placer's login, where the placer is a loop of this controller. */
  placerUrl?: string;
  /** Of a node that stands beside others on this machine. */
  apart?: {
    name: string;
    /** The network that its processes stand in, as a file. */
    network: string;
    /** Its engine, as DOCKER_HOST names it. */
    engineUrl: string;
  };
}

export interface PartsContext
  extends PartHost, Omit<GatewayContext, "databaseUrl">, Pick<NodeContext, "runDir" | "relayUser"> {
  provisioned: Provisioned;
}

const root = join(import.meta.dirname, "..");

/** The processes of a one-machine installation, each with its own share of what the installation knows. */
export function parts(context: PartsContext): Record<PartName, Part> {
  const { provisioned } = context;
  return {
    gateway: gatewayPart(context, { ...context, databaseUrl: provisioned.urls.gateway }),
    ...nodeParts(context, { ...context, node: provisioned, placerUrl: provisioned.urls.placer }),
  };
}

export function gatewayPart(host: PartHost, context: GatewayContext): Part {
  return part(host, {
    name: "gateway",
    entry: "gateway/node.ts",
    environment: gatewayEnvironment(context),
  });
}

/** The placer of an installation whose nodes have no login of its. */
export function placerPart(
  host: PartHost,
  { databaseUrl, lostSeconds }: { databaseUrl: string; lostSeconds: number },
): Part {
  return part(host, {
    name: "placer",
    entry: "controller/placer-main.ts",
    environment: {
      ASCI_PLACER_DATABASE_URL: databaseUrl,
      ASCI_LOST_SECONDS: String(lostSeconds),
      DOCKER_HOST: undefined,
    },
  });
}

export function nodeParts(
  host: PartHost,
  context: NodeContext,
): Record<"controller" | "relay", Part> {
  const { apart } = context;
  const own = (name: string, entry: string, environment: PartProcess["environment"]): Part =>
    part(host, {
      name: apart === undefined ? name : `${name} of ${apart.name}`,
      entry,
      environment,
      ...(apart === undefined ? {} : { network: apart.network }),
    });
  return {
    controller: own("controller", "controller/main.ts", controllerEnvironment(host, context)),
    relay: own("relay", "controller/relay/main.ts", relayEnvironment(context)),
  };
}

function part(
  { folder, onLine, onStart }: PartHost,
  options: Pick<PartProcess, "name" | "entry" | "environment" | "network">,
): Part {
  const { name, entry, environment } = options;
  return partProcess({
    ...options,
    entry: join(root, entry),
    environment: { NODE_COMPILE_CACHE: folder.codeCache, ...environment },
    log: new LogFile(join(folder.logs, `${name.replaceAll(" ", "-")}.log`)),
    onLine,
    onStart: (identity) => onStart(name, identity),
  });
}

function gatewayEnvironment(context: GatewayContext): PartProcess["environment"] {
  const { settings, listen, databaseUrl, secrets } = context;
  return {
    ASCI_HOST: listen.host,
    ASCI_PORT: String(listen.port),
    ASCI_PUBLIC_URL: settings.publicUrl,
    ASCI_TRUSTED_PROXIES: settings.trustedProxies,
    DATABASE_URL: databaseUrl,
    ASCI_SEALING_KEY: secrets.sealingKey,
    ASCI_KEY_ROTATION_DAYS: String(settings.keyRotationDays),
    ASCI_UI_DIR: context.uiDir,
    ASCI_GATEWAY_UID: String(context.gatewayUser.uid),
    ASCI_GATEWAY_GID: String(context.gatewayUser.gid),
    DOCKER_HOST: undefined,
  };
}

function controllerEnvironment(
  { folder }: PartHost,
  { settings, node, placerUrl, runDir, relayUser, apart }: NodeContext,
): PartProcess["environment"] {
  return {
    DATABASE_URL: node.urls.node,
    ASCI_PLACER_DATABASE_URL: placerUrl,
    ASCI_NODE_ID: node.nodeId,
    ASCI_INSTALLATION_ID: node.installationId,
    ASCI_RUN_DIR: runDir,
    ASCI_HOMES: settings.homes ?? join(folder.homes, "{username}"),
    ASCI_HOMES_MAKE: (settings.homesMake ?? settings.homes === undefined) ? "1" : "0",
    ASCI_EXPERIMENT_DATA: settings.data ?? join(folder.experiments, "{beamline}", "{experiment}"),
    ASCI_EXPERIMENT_DATA_MAKE: (settings.dataMake ?? settings.data === undefined) ? "1" : "0",
    ASCI_CONTROLLER_LISTEN: `unix:${join(runDir, "controller.sock")}`,
    ASCI_RELAY_GID: String(relayUser.gid),
    ...settings.node,
    ...(apart === undefined ? {} : { DOCKER_HOST: apart.engineUrl }),
  };
}

function relayEnvironment({ node, runDir, relayUser }: NodeContext): PartProcess["environment"] {
  return {
    DATABASE_URL: node.urls.relay,
    ASCI_NODE_ID: node.nodeId,
    ASCI_RUN_DIR: runDir,
    ASCI_RELAY_LISTEN: `unix:${join(runDir, "relay.sock")}`,
    ASCI_RELAY_UID: String(relayUser.uid),
    ASCI_RELAY_GID: String(relayUser.gid),
    DOCKER_HOST: undefined,
  };
}
