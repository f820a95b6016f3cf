import { join } from "node:path";
import type { Provisioned } from "../db/provision.ts";
import type { DataFolder, Secrets } from "./data-folder.ts";
import { LogFile } from "./log-file.ts";
import { partProcess } from "./part-process.ts";
import type { PartProcess } from "./part-process.ts";
import type { Settings } from "./settings.ts";
import type { Part } from "./supervise.ts";
import type { SystemUser } from "./system-user.ts";

export type PartName = "gateway" | "controller" | "relay";

export interface PartsContext {
  settings: Settings;
  /** Where the gateway listens: the site's address, but for a developer's server in front of it. */
  listen: { host: string; port: number };
  uiDir: string;
  folder: DataFolder;
  secrets: Secrets;
  provisioned: Provisioned;
  runDir: string;
  relayUser: SystemUser;
  gatewayUser: SystemUser;
  onLine: PartProcess["onLine"];
  onStart: (name: PartName, ...identity: Parameters<PartProcess["onStart"]>) => Promise<void>;
}

const root = join(import.meta.dirname, "..");

/** The processes of a one-machine installation, each with its own share of what the installation knows. */
export function parts(context: PartsContext): Record<PartName, Part> {
  const part = (name: PartName, entry: string, environment: PartProcess["environment"]): Part =>
    partProcess({
      name,
      entry: join(root, entry),
      environment: { NODE_COMPILE_CACHE: context.folder.codeCache, ...environment },
      log: new LogFile(join(context.folder.logs, `${name}.log`)),
      onLine: context.onLine,
      onStart: (identity) => context.onStart(name, identity),
    });
  return {
    gateway: part("gateway", "gateway/node.ts", gatewayEnvironment(context)),
    controller: part("controller", "controller/main.ts", controllerEnvironment(context)),
    relay: part("relay", "controller/relay/main.ts", relayEnvironment(context)),
  };
}

function gatewayEnvironment(context: PartsContext): PartProcess["environment"] {
  const { settings, listen, provisioned, secrets } = context;
  return {
    ASCI_HOST: listen.host,
    ASCI_PORT: String(listen.port),
    ASCI_PUBLIC_URL: settings.publicUrl,
    ASCI_TRUSTED_PROXIES: settings.trustedProxies,
    DATABASE_URL: provisioned.urls.gateway,
    ASCI_SEALING_KEY: secrets.sealingKey,
    ASCI_KEY_ROTATION_DAYS: String(settings.keyRotationDays),
    ASCI_UI_DIR: context.uiDir,
    ASCI_GATEWAY_UID: String(context.gatewayUser.uid),
    ASCI_GATEWAY_GID: String(context.gatewayUser.gid),
    DOCKER_HOST: undefined,
  };
}

function controllerEnvironment(context: PartsContext): PartProcess["environment"] {
  const { settings, provisioned, runDir, folder, relayUser } = context;
  return {
    DATABASE_URL: provisioned.urls.node,
    ASCI_PLACER_DATABASE_URL: provisioned.urls.placer,
    ASCI_NODE_ID: provisioned.nodeId,
    ASCI_INSTALLATION_ID: provisioned.installationId,
    ASCI_RUN_DIR: runDir,
    ASCI_HOMES: settings.homes ?? join(folder.homes, "{username}"),
    ASCI_HOMES_MAKE: (settings.homesMake ?? settings.homes === undefined) ? "1" : "0",
    ASCI_EXPERIMENT_DATA: settings.data ?? join(folder.experiments, "{beamline}", "{experiment}"),
    ASCI_EXPERIMENT_DATA_MAKE: (settings.dataMake ?? settings.data === undefined) ? "1" : "0",
    ASCI_CONTROLLER_LISTEN: `unix:${join(runDir, "controller.sock")}`,
    ASCI_RELAY_GID: String(relayUser.gid),
    ...settings.node,
  };
}

function relayEnvironment(context: PartsContext): PartProcess["environment"] {
  const { provisioned, runDir, relayUser } = context;
  return {
    DATABASE_URL: provisioned.urls.relay,
    ASCI_NODE_ID: provisioned.nodeId,
    ASCI_RUN_DIR: runDir,
    ASCI_RELAY_LISTEN: `unix:${join(runDir, "relay.sock")}`,
    ASCI_RELAY_UID: String(relayUser.uid),
    ASCI_RELAY_GID: String(relayUser.gid),
    DOCKER_HOST: undefined,
  };
}
