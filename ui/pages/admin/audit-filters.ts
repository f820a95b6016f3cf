import { fromLocalInput } from "./local-time.ts";

/** The filters as the address has them; times as the reader's clock says them. */
export interface AuditView {
  readonly search: string;
  readonly actor: string;
  readonly action: string;
  readonly outcome: string;
  readonly from: string;
  readonly until: string;
}

export const auditFilters = ["actor", "action", "outcome", "from", "until"] as const;

/** What the call takes: what cannot be asked for is left out, as the field beside it says. */
export function auditQuery(view: AuditView): Record<string, string> {
  const wish: Record<string, string> = {};
  const put = (name: string, value: string | null): void => {
    if (value !== null && value !== "") wish[name] = value;
  };
  put("search", view.search);
  put("actor", userNameIn(view.actor));
  put("action", actionIn(view.action));
  put("outcome", view.outcome === "allowed" || view.outcome === "refused" ? view.outcome : null);
  put("from", fromLocalInput(view.from));
  put("until", fromLocalInput(view.until));
  return wish;
}

function userNameIn(text: string): string | null {
  const name = text.trim().toLowerCase();
  return /^[a-z][a-z0-9_-]{0,30}$/.test(name) ? name : null;
}

/** `instance` means all that begins so: `instance*`. */
function actionIn(text: string): string | null {
  const action = text.trim().toLowerCase();
  const asked = action.includes(".") || action.endsWith("*") ? action : `${action}*`;
  return /^[a-z_.]{1,60}\*?$/.test(asked) && action !== "" ? asked : null;
}

/** Which of the filters the call cannot take as they stand. */
export function auditFaults(view: AuditView): {
  readonly actor: boolean;
  readonly action: boolean;
} {
  return {
    actor: view.actor.trim() !== "" && userNameIn(view.actor) === null,
    action: view.action.trim() !== "" && actionIn(view.action) === null,
  };
}

/** A record's detail as lines: a name and a value as text. */
export function detailLines(detail: Record<string, unknown> | null): [string, string][] {
  return Object.entries(detail ?? {})
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
}
