import postgres from "postgres";
import { giveLogin, loginOf, opens, type Part } from "./logins.ts";
import { nodeSilenceMs } from "./nodes.ts";

/** Of the parts that every installation has once. */
export interface ControlSecrets {
  readonly gateway: string;
  readonly placer: string;
}

/** Of the parts that every node has. */
export interface NodeSecrets {
  readonly node: string;
  readonly relay: string;
}

export type Secrets = ControlSecrets & NodeSecrets;

/** A connection for each part, with a login of its own and no more rights than its role. */
export interface ControlPlane {
  readonly installationId: string;
  readonly urls: Record<keyof ControlSecrets, string>;
}

export interface AddedNode {
  readonly installationId: string;
  readonly nodeId: string;
  readonly urls: Record<keyof NodeSecrets, string>;
}

export interface Provisioned {
  readonly installationId: string;
  readonly nodeId: string;
  readonly urls: Record<Part, string>;
}

export interface NodeAddress {
  readonly nodeName: string;
  /** Where gateways reach the node's relay, e.g. `unix:/run/asci/1a2b3c4d/relay.sock`. */
  readonly relayUrl: string;
  /** Where the placer pokes the node's controller. */
  readonly controllerUrl: string;
}

/** Raised where another node of the installation has the name; two would share a row, and end each other. */
export class NodeNameTakenError extends Error {
  readonly code = "node_name_taken";
  constructor(nodeName: string) {
    super(`Another node of this installation is called ${nodeName}: give this one another name.`);
    this.name = "NodeNameTakenError";
  }
}

interface Site {
  readonly sql: postgres.Sql;
  readonly ownerUrl: string;
  readonly installationId: string;
}

async function atSite<T>(ownerUrl: string, work: (site: Site) => Promise<T>): Promise<T> {
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => {} });
  try {
    const [row] = await sql<{ id: string; database: string }[]>`
      select id, current_database() as database from installation`;
    if (!row) throw new Error("the database has no installation row: run the migrations first");
    await sql.unsafe(`revoke connect on database "${row.database}" from public`);
    return await work({ sql, ownerUrl, installationId: row.id });
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function controlLogins(site: Site, secrets: ControlSecrets): Promise<ControlPlane["urls"]> {
  const give = (part: keyof ControlSecrets) =>
    giveLogin(site, { login: loginOf(site.installationId, part), part, password: secrets[part] });
  return { gateway: await give("gateway"), placer: await give("placer") };
}

async function nodeLogins(
  site: Site,
  nodeId: string,
  secrets: NodeSecrets,
): Promise<AddedNode["urls"]> {
  const loginFor = (part: keyof NodeSecrets) => loginOf(site.installationId, part, nodeId);
  const give = (part: keyof NodeSecrets) =>
    giveLogin(site, { login: loginFor(part), part, password: secrets[part] });
  const urls = { node: await give("node"), relay: await give("relay") };
  await site.sql`
    update nodes set db_login = ${loginFor("node")}, relay_login = ${loginFor("relay")}
    where id = ${nodeId}`;
  return urls;
}

/** @returns the new node's id; undefined where the name is taken */
async function insertNode({ sql }: Site, node: NodeAddress): Promise<string | undefined> {
  const [made] = await sql<{ id: string }[]>`
    insert into nodes (name, relay_url, controller_url)
    values (${node.nodeName}, ${node.relayUrl}, ${node.controllerUrl})
    on conflict (name) do nothing returning id`;
  return made?.id;
}

/**
 * The row of the one machine that an installation began with, made where it is missing. A row of that
 * name is this machine's where it has the password, and where nobody reports for it: an installation
 * may have been given new secrets.
 * @throws NodeNameTakenError
 */
async function ensureNode(site: Site, node: NodeAddress, secrets: NodeSecrets): Promise<string> {
  const made = await insertNode(site, node);
  if (made !== undefined) return made;
  const { sql } = site;
  const [found] = await sql<{ id: string; login: string | null; reports: boolean }[]>`
    select id, db_login as login,
      coalesce(last_seen_at > now() - ${nodeSilenceMs} * interval '1 ms', false) as reports
    from nodes where name = ${node.nodeName}`;
  if (!found) throw new Error(`node ${node.nodeName} was removed as soon as it was found`);
  if (
    found.reports &&
    found.login !== null &&
    !(await opens(site.ownerUrl, found.login, secrets.node))
  )
    throw new NodeNameTakenError(node.nodeName);
  await sql`
    update nodes set relay_url = ${node.relayUrl}, controller_url = ${node.controllerUrl}
    where id = ${found.id}`;
  return found.id;
}

/**
 * Gives every part of a one-machine installation its database login, and registers the machine as a
 * node. May be called at every start: passwords are set to the given ones.
 *
 * @param ownerUrl a connection as the database's owner, which may create roles
 * @throws NodeNameTakenError where a node of that name reports that has another password
 */
export function provision(
  ownerUrl: string,
  options: { readonly secrets: Secrets; address(installationId: string): NodeAddress },
): Promise<Provisioned> {
  return atSite(ownerUrl, async (site) => {
    const { installationId } = site;
    // First: where the name is another's, nobody's password has been changed.
    const nodeId = await ensureNode(site, options.address(installationId), options.secrets);
    const control = await controlLogins(site, options.secrets);
    const urls = { ...control, ...(await nodeLogins(site, nodeId, options.secrets)) };
    return { installationId, nodeId, urls };
  });
}

/** Logins for what an installation of several nodes has once. May be repeated, as `provision`. */
export function provisionControlPlane(
  ownerUrl: string,
  secrets: ControlSecrets,
): Promise<ControlPlane> {
  return atSite(ownerUrl, async (site) => ({
    installationId: site.installationId,
    urls: await controlLogins(site, secrets),
  }));
}

/**
 * Adds a node to an installation, with logins of its own.
 *
 * @param ownerUrl a connection as the database's owner, which may create roles
 * @throws NodeNameTakenError where there is a node of that name, whatever state it is in
 */
export function addNode(
  ownerUrl: string,
  options: { readonly secrets: NodeSecrets; address(installationId: string): NodeAddress },
): Promise<AddedNode> {
  return atSite(ownerUrl, async (site) => {
    const { installationId } = site;
    const address = options.address(installationId);
    const nodeId = await insertNode(site, address);
    if (nodeId === undefined) throw new NodeNameTakenError(address.nodeName);
    return { installationId, nodeId, urls: await nodeLogins(site, nodeId, options.secrets) };
  });
}
