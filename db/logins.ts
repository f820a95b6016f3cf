/** The parts' logins at the database's server, which databases share. */
import postgres from "postgres";
import { sqlState } from "./errors.ts";

export type Part = "gateway" | "placer" | "node" | "relay";

const loginLimits = {
  statement_timeout: "10s",
  lock_timeout: "5s",
  idle_in_transaction_session_timeout: "10s",
};

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** Logins are cluster-wide: the installation's id keeps those of several databases apart. */
export function loginOf(installationId: string, part: Part, nodeId = ""): string {
  const own = nodeId === "" ? "" : `_${nodeId.slice(0, 8)}`;
  return `asci_${installationId.slice(0, 8)}_${part}${own}`;
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

/**
 * Makes a part's login, or sets the password of the one that is there.
 * @returns a connection with it, otherwise as the owner's
 */
export async function giveLogin(
  owner: { readonly sql: postgres.Sql; readonly ownerUrl: string },
  { login, part, password }: { login: string; part: Part; password: string },
): Promise<string> {
  await ensureLogin(owner.sql, login, `asci_${part}`, password);
  return withLogin(owner.ownerUrl, login, password);
}

/** Whether this is the password that a login has now. */
export async function opens(ownerUrl: string, login: string, password: string): Promise<boolean> {
  const own = postgres(withLogin(ownerUrl, login, password), { max: 1, onnotice: () => {} });
  try {
    await own`select 1`;
    return true;
  } catch (error) {
    // Of class 28: refused for who we say that we are.
    if (sqlState(error)?.code.startsWith("28")) return false;
    throw error;
  } finally {
    await own.end({ timeout: 5 });
  }
}
