/** How the conditions of two rules stand to each other. */
import type { CompiledWhen } from "./rules.ts";

const fields = ["environment", "beamline", "experiment", "user"] as const;

/** Whether one request could meet both. Somebody may have the roles of either. */
export function canBothHold(a: CompiledWhen, b: CompiledWhen): boolean {
  if (a.kind !== null && b.kind !== null && a.kind !== b.kind) return false;
  if (Math.max(a.from, b.from) >= Math.min(a.until, b.until)) return false;
  return fields.every((field) => {
    const [mine, other] = [a[field], b[field]];
    return mine === null || other === null || [...mine].some((it) => other.has(it));
  });
}

/** Whether `wide` holds whenever `narrow` does. */
export function covers(wide: CompiledWhen, narrow: CompiledWhen): boolean {
  if (wide.kind !== null && wide.kind !== narrow.kind) return false;
  if (wide.from > narrow.from || wide.until < narrow.until) return false;
  return ([...fields, "role"] as const).every((field) => {
    const [mine, other] = [wide[field], narrow[field]];
    return mine === null || (other !== null && [...other].every((it) => mine.has(it)));
  });
}

/** Whether it asks for nothing about the person and what they work on. */
export function isForEverybody(when: CompiledWhen): boolean {
  return [when.beamline, when.experiment, when.user, when.role].every((it) => it === null);
}
