import postgres from "postgres";

export interface Secrets {
  readonly gateway: string;
  readonly placer: string;
  readonly node: string;
  readonly relay: string;
}
type Part = keyof Secrets;

export interface Provisioned {
  readonly installationId: string;
  readonly nodeId: string;
  /** A connection for each part, with a login of its own and no more rights than its role. */
  readonly urls: Record<Part, string>;
}

export interface NodeAddress {
  readonly nodeName: string;
  /** Where gateways reach the node's relay, e.g. `unix:/run/asci/1a2b3c4d/relay.sock`. */
  readonly relayUrl: string;
  /** Where the placer pokes the node's controller. */
  readonly controllerUrl: string;
}

const loginLimits = {
  statement_timeout: "10s",
  lock_timeout: "5s",
  idle_in_transaction_session_timeout: "10s",
};

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** Logins are cluster-wide: the installation's id keeps those of several databases apart. */
function loginOf(installationId: string, part: Part, nodeId: string): string {
  const site = installationId.slice(0, 8);
  if (part === "gateway" || part === "placer") return `asci_${site}_${part}`;
  return `asci_${site}_${part}_${nodeId.slice(0, 8)}`;
}

async function ensureLogin(sql: postgres.Sql, login: string, role: string, password: string) {
  const [found] = await sql`select 1 from pg_roles where rolname = ${login}`;
  const [row] = await sql<{ database: string }[]>`select current_database() as database`;
  if (!row) throw new Error("current_database() gave no row");
  const verb = found ? "alter" : "create";
  await sql.unsafe(`${verb} role "${login}" login password ${quoted(password)}`);
  await sql.unsafe(`grant "${role}" to "${login}"`);
  await sql.unsafe(`grant connect on database "${row.database}" to "${login}"`);
  // For those who come through a pooler, which lets no connection bring settings of its own.
  for (const [name, value] of Object.entries(loginLimits))
    await sql.unsafe(`alter role "${login}" set ${name} = ${quoted(value)}`);
}

function withLogin(url: string, login: string, password: string): string {
  const own = new URL(url);
  own.username = login;
  own.password = password;
  return own.href;
}

async function ensureNode(sql: postgres.Sql, address: NodeAddress): Promise<string> {
  const [node] = await sql<{ id: string }[]>`
    insert into nodes (name, relay_url, controller_url)
    values (${address.nodeName}, ${address.relayUrl}, ${address.controllerUrl})
    on conflict (name) do update
    set relay_url = excluded.relay_url, controller_url = excluded.controller_url
    returning id`;
  if (!node) throw new Error("the node's row was not returned");
  return node.id;
}

/**
 * Gives every part of a one-machine installation its database login, and registers the machine as a
 * node. May be called at every start: passwords are set to the given ones.
 *
 * @param ownerUrl a connection as the database's owner, which may create roles
 */
export async function provision(
  ownerUrl: string,
  options: { readonly secrets: Secrets; address(installationId: string): NodeAddress },
): Promise<Provisioned> {
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => {} });
  try {
    const [row] = await sql<{ id: string; database: string }[]>`
      select id, current_database() as database from installation`;
    if (!row) throw new Error("the database has no installation row: run the migrations first");
    await sql.unsafe(`revoke connect on database "${row.database}" from public`);
    const nodeId = await ensureNode(sql, options.address(row.id));
    const urls: Partial<Record<Part, string>> = {};
    for (const part of ["gateway", "placer", "node", "relay"] as const) {
      const login = loginOf(row.id, part, nodeId);
      await ensureLogin(sql, login, `asci_${part}`, options.secrets[part]);
      urls[part] = withLogin(ownerUrl, login, options.secrets[part]);
    }
    await sql`
      update nodes set db_login = ${loginOf(row.id, "node", nodeId)},
        relay_login = ${loginOf(row.id, "relay", nodeId)}
      where id = ${nodeId}`;
    return { installationId: row.id, nodeId, urls: urls as Record<Part, string> };
  } finally {
    await sql.end({ timeout: 5 });
  }
}
