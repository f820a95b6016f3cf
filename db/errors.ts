/** Raised where a late holder tries to write under a lease that it no longer holds. */
export class LeaseLostError extends Error {
  readonly code = "lease_lost";
  constructor(subjectId: string) {
    super(`The lease on ${subjectId} is lost: another holder has it.`);
    this.name = "LeaseLostError";
  }
}

/** Raised where a newer start of the same node's controller has taken over. */
export class SupersededError extends Error {
  readonly code = "superseded";
  constructor(nodeId: string, epoch: number) {
    super(`Epoch ${epoch} of node ${nodeId} is over: a newer controller has started.`);
    this.name = "SupersededError";
  }
}

/** Raised where another machine reports under a node's name and was heard of just now. */
export class NodeTakenError extends Error {
  readonly code = "node_taken";
  readonly node: string;
  readonly silentMs: number;
  constructor(node: string, other: { lastSeenAt: string; silentMs: number }) {
    const seconds = Math.max(0, Math.round(other.silentMs / 1000));
    super(
      `Another machine reports as node "${node}"; it was last heard of ${seconds} s ago, at ${other.lastSeenAt}. ` +
        "Stop the controller there, or register this machine as a node of its own with its own name.",
    );
    this.name = "NodeTakenError";
    this.node = node;
    this.silentMs = other.silentMs;
  }
}

interface PostgresFault {
  readonly code?: unknown;
  readonly constraint_name?: unknown;
}

/** The SQLSTATE of a database error, wherever the driver or the query builder wrapped it. */
export function sqlState(error: unknown): { code: string; constraint: string } | undefined {
  for (let it = error; it instanceof Error; it = it.cause) {
    const { code, constraint_name: constraint } = it as PostgresFault;
    if (typeof code === "string" && /^[0-9A-Z]{5}$/.test(code))
      return { code, constraint: typeof constraint === "string" ? constraint : "" };
  }
  return undefined;
}

/**
 * Classes 08 (connection) and 57P (the server is going), too many clients, and what a pooler before the
 * server answers for it (58000).
 */
const awayStates = /^(08...|57P..|53300|58000)$/;
const awayCodes = /^(CONNECT|CONNECTION_|ECONN|ENOENT|ETIMEDOUT)/;
/** Workers have no codes for what happens to a socket. */
const awayWords =
  /Network connection lost|proxy request failed|cannot connect to|Stream was cancelled|connection attempt failed/i;

/** Whether the database could not be asked, or went away before it answered. */
export function isDatabaseAway(error: unknown): boolean {
  for (let it = error; it instanceof Error; it = it.cause) {
    const { code } = it as PostgresFault;
    if (typeof code === "string" && (awayStates.test(code) || awayCodes.test(code))) return true;
    // The query builder's own message holds the statement, in which anything may stand.
    if (!it.message.startsWith("Failed query:") && awayWords.test(it.message)) return true;
  }
  return false;
}

/**
 * An error for the log. The query builder's message holds the statement with its parameters, which can
 * be secrets: what the server said of it is what helps.
 */
export function loggable(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message.startsWith("Failed query:"))
    return `database: ${loggable(error.cause ?? "no cause given")}`;
  return error.stack ?? error.message;
}

const passing = new Set(["40P01", "40001"]);

/** Repeats one statement that the server undid because of a deadlock or a serialisation fault. */
export async function retrying<T>(attempt: () => Promise<T>, tries = 3): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await attempt();
    } catch (error) {
      if (n >= tries || !passing.has(sqlState(error)?.code ?? "")) throw error;
    }
  }
}
