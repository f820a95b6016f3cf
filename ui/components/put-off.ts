import { createSignal } from "solid-js";
import type { Instance } from "../../gateway/schemas.ts";
import { readSetting, writeSetting } from "./settings.ts";

const setting = "notices-later";

/** By an instance's id: which notice of it was put off, and until when (ms since 1970). */
type PutOff = Readonly<Record<string, readonly [notice: string, untilMs: number]>>;

function read(): PutOff {
  try {
    const stored: unknown = JSON.parse(readSetting(setting) ?? "{}");
    return typeof stored === "object" && stored !== null ? (stored as PutOff) : {};
  } catch {
    return {};
  }
}

const [putOff, setPutOff] = createSignal<PutOff>(read());

type Notice = NonNullable<Instance["notice"]>;

/** Another reason, or another time, is another notice. */
const nameOf = ({ code, at }: Notice): string => `${code} ${at}`;

/** Whether a notice is not to be shown just now. `nowMs`: the server's time. */
export function isPutOff(id: string, notice: Notice, nowMs: number): boolean {
  const [name, untilMs] = putOff()[id] ?? ["", 0];
  return name === nameOf(notice) && nowMs < untilMs;
}

/** Shows a notice no more until then; remembered in this browser. What has passed is forgotten. */
export function putOffNotice(id: string, notice: Notice, untilMs: number, nowMs: number): void {
  const kept = Object.entries(putOff()).filter(([it, [, until]]) => it !== id && until > nowMs);
  const next: PutOff = { ...Object.fromEntries(kept), [id]: [nameOf(notice), untilMs] };
  setPutOff(next);
  writeSetting(setting, JSON.stringify(next));
}
