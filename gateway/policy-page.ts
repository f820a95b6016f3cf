import { policy, type PolicyLine } from "./policy.ts";
import { callerRoles, type CallerRole } from "./schemas.ts";

/** A Markdown table with columns of even width, as the formatter wants it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, at) =>
    Math.max(...[head, ...rows].map((row) => (row[at] ?? "").length)),
  );
  const lineOf = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  return [lineOf(head), lineOf(widths.map((width) => "-".repeat(width))), ...rows.map(lineOf)].join(
    "\n",
  );
}

function cellOf({ who, only }: PolicyLine, role: CallerRole): string {
  if (who === "anyone") return "yes";
  if (who === "ticket") return "by ticket";
  if (!who.includes(role)) return "";
  if (role === "station" && only) return "on it";
  // Administrators reach every beamline, but no other person's own.
  return role === "admin" && only !== "their own" ? "yes" : (only ?? "yes");
}

/** The page of the docs that says who may call what. */
export function policyPage(): string {
  const rows = policy.map((line) => [
    `\`${line.method} ${line.path}\``,
    line.who === "anyone" ? "yes" : line.who === "ticket" ? "by ticket" : "",
    ...callerRoles.map((role) => cellOf(line, role)),
    typeof line.who === "string" ? "" : line.scopes.join(", ") || "none",
  ]);
  return `# Who may call what

Made from \`gateway/policy.ts\`; a test compares the two, and calls each of these with each role. A call that has no line
there is refused. \`their own\`, \`of their beamlines\`: what is not the caller's answers as if it did not exist.

A person has one role or several. \`user\` works in desktops, \`staff\` looks after beamlines as well, \`admin\` administers
the site, \`monitor\` reads health and metrics and nothing else. \`station\` is nobody's: a shared computer at a beamline has it,
and no person ([stations.md](stations.md)). \`on it\`: what was started there for an experiment that still runs.

The last column is for access tokens: a token needs one of these scopes, and its person the role. \`none\`: it takes a
browser that is signed in.

${table(["call", "signed out", ...callerRoles, "a token's scope"], rows)}
`;
}
