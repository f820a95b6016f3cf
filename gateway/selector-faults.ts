import type { RuleThen } from "../scheduler/types.ts";
import { parseSelector } from "../scheduler/selector.ts";
import { ProblemError } from "./problem.ts";
import type { Problem } from "./schemas.ts";

type Faults = NonNullable<Problem["errors"]>;

function faultsAt(path: string, text: string | undefined): Faults {
  const parsed = text === undefined ? undefined : parseSelector(text);
  if (!parsed || parsed.ok) return [];
  const { message, at, end } = parsed.fault;
  return [{ path, message, at, end }];
}

function refuse(faults: Faults): void {
  const [first] = faults;
  if (!first) return;
  const place = `${first.path}, character ${(first.at ?? 0) + 1}`;
  throw new ProblemError(400, "validation", `${place}: ${first.message}.`, { errors: faults });
}

/** @throws ProblemError 400 that names every fault with its characters */
export function refuseSelector(path: string, text: string | undefined): void {
  refuse(faultsAt(path, text));
}

/** Of all that a rule says. @throws ProblemError 400 that names every fault with its characters */
export function refuseSelectors(then: RuleThen, path = "then"): void {
  refuse([
    ...faultsAt(`${path}.require`, then.require),
    ...(then.prefer ?? []).flatMap((it, n) =>
      faultsAt(`${path}.prefer.${n}.selector`, it.selector),
    ),
  ]);
}
