import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import Docker from "dockerode";

/**
 * A client of the engine that DOCKER_HOST names, with a connection of its own for every call: an
 * engine that is being stopped accepts none, but still answers on those that stand.
 */
export function connectAnew(): Docker {
  const docker = new Docker();
  const modem = docker.modem as { protocol?: string; agent?: HttpAgent };
  const Agent = modem.protocol === "https" ? HttpsAgent : HttpAgent;
  modem.agent = new Agent({ keepAlive: false });
  return docker;
}
