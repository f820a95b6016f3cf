/** What the shapes of scheduling have in common. */
import { line } from "./schemas.ts";

/** Of what is no time nothing more is said. */
export const inOrder = (it: { from?: string | undefined; until?: string | undefined }) =>
  !(Date.parse(it.from ?? "") >= Date.parse(it.until ?? ""));
export const order = { path: ["until"], message: "must be after from" };
export const slug = line().min(1).max(63);
/** Parsed by `scheduler/selector.ts`, whose faults name the character. */
export const selector = line().max(2000, "at most 2000 characters");
/** Why something is changed is no change. */
export const changesBeside = (body: object, others: readonly string[]): boolean =>
  Object.keys(body).some((key) => !others.includes(key));
export const reason = line().trim().max(500, "at most 500 characters");
