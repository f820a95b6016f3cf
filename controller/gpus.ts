/** The node's GPUs, as NVIDIA's own tool tells of them. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { labelValueOf } from "./node-labels.ts";
import type { ReportedGpu } from "../db/node-gpus.ts";
import type { Reason } from "./plan.ts";

export type FoundGpu = Omit<ReportedGpu, "slots">;

export interface GpuLook {
  /** Undefined: the tool did not come so far as to tell; what was known before is as good. */
  readonly gpus: readonly FoundGpu[] | undefined;
  /** What could not be made out; the node says so, and offers what could. */
  readonly fault: Reason | undefined;
}

const mib = 1024 ** 2;
/** A driver that hangs must not hold up the node. */
const limitMs = 10_000;
const query = [
  "--query-gpu=uuid,name,memory.total,mig.mode.current",
  "--format=csv,noheader,nounits",
];
const folders = ["/usr/bin", "/usr/local/bin", "/run/nvidia/driver/usr/bin", "/opt/bin"];

const faultOf = (text: string): Reason => ({ code: "gpus_unknown", text: text.slice(0, 400) });

interface Card extends FoundGpu {
  readonly sliced: boolean;
}

/** One line a card: `GPU-…, NVIDIA A40, 46068, Disabled`. */
function parseCard(line: string): Card | undefined {
  const [uuid = "", model = "", memory = "", mig = "", ...more] = line
    .split(",")
    .map((it) => it.trim());
  const memoryBytes = Number(memory) * mib;
  const known = /^GPU-[A-Za-z0-9-]{1,120}$/.test(uuid) && model !== "" && more.length === 0;
  if (!known || !/^\d+$/.test(memory) || memoryBytes <= 0) return undefined;
  return { uuid, model: model.slice(0, 200), memoryBytes, sliced: mig === "Enabled" };
}

/** `  MIG 3g.20gb     Device  0: (UUID: MIG-…)`, below the line of its card. */
const sliceRule = /^\s+MIG (\S+)\s+Device\s+\d+:\s+\(UUID:\s+(MIG-[A-Za-z0-9./-]{1,120})\)/;
const cardRule = /^GPU \d+:.*\(UUID:\s+(GPU-[A-Za-z0-9-]+)\)/;

/**
 * Slices by the list of `nvidia-smi -L`. It tells their size by the profile's name only: `3g.20gb` has
 * 20 × 10⁹ bytes by that, which is a little less than what most of them have.
 */
function parseSlices(list: string, cards: readonly Card[]): (FoundGpu & { readonly of: string })[] {
  let card: Card | undefined;
  return list.split("\n").flatMap((line) => {
    const uuid = cardRule.exec(line)?.[1];
    if (uuid) card = cards.find((it) => it.uuid === uuid);
    const [, profile = "", slice = ""] = sliceRule.exec(line) ?? [];
    const gigabytes = Number(/\.(\d+)gb/.exec(profile)?.[1] ?? 0);
    if (!card?.sliced || gigabytes === 0) return [];
    const model = `${card.model} MIG ${profile}`;
    return [{ uuid: slice, model, memoryBytes: gigabytes * 1e9, of: card.uuid }];
  });
}

/**
 * From what the tool printed. A card that is cut into slices is offered by its slices only.
 * @param ended what it said where it ended with a fault
 */
export function readGpus(cardLines: string, sliceLines: string, ended?: string): GpuLook {
  const lines = cardLines.split("\n").filter((it) => it.trim() !== "");
  const cards = lines.flatMap((it) => parseCard(it) ?? []);
  const strange = lines.find((it) => parseCard(it) === undefined) ?? ended;
  const slices = parseSlices(sliceLines, cards);
  const uncut = cards.filter((it) => it.sliced && !slices.some((slice) => slice.of === it.uuid));
  const words = [
    ...(strange === undefined ? [] : [`nvidia-smi says: ${strange.trim().slice(0, 200)}`]),
    ...uncut.map((it) => `MIG is on for ${it.uuid}, and it has no slices`),
  ];
  const said = words.join("; ");
  const gpus = [...cards.filter((it) => !it.sliced), ...slices].map(
    ({ uuid, model, memoryBytes }) => ({ uuid, model, memoryBytes }),
  );
  return {
    gpus: strange !== undefined && gpus.length === 0 ? undefined : gpus,
    fault: said === "" ? undefined : faultOf(`Not every GPU can be made out: ${said}`),
  };
}

const env = { LC_ALL: "C", PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };

interface Ran {
  readonly out: string;
  readonly fault: string | undefined;
  /** Ended before it had said all. */
  readonly late: boolean;
}

const nothing: Ran = { out: "", fault: undefined, late: false };

function run(program: string, args: readonly string[], timeout: number): Promise<Ran> {
  const options = { timeout, killSignal: "SIGKILL" as const, env, maxBuffer: 4 * mib };
  return new Promise((resolve) => {
    execFile(program, [...args], options, (error, out, err) => {
      if (!error) return resolve({ out, fault: undefined, late: false });
      const words = `${err} ${out}`.trim().split("\n").at(-1)?.trim() ?? "";
      // A driver without a card is no fault.
      if (/no devices were found/i.test(words)) return resolve(nothing);
      const late = error.killed === true;
      const ended = late ? `it did not answer within ${timeout / 1000} s` : words || error.message;
      resolve({ out, fault: ended.slice(0, 200), late });
    });
  });
}

/** @param programs where the tool may be; where it is nowhere there are no GPUs */
export async function findGpus(
  programs: readonly string[] = folders.map((it) => `${it}/nvidia-smi`),
  timeoutMs = limitMs,
): Promise<GpuLook> {
  const program = programs.find((it) => existsSync(it));
  if (!program) return { gpus: [], fault: undefined };
  const cards = await run(program, query, timeoutMs);
  const sliced = /,\s*Enabled\s*$/m.test(cards.out);
  const slices = sliced ? await run(program, ["-L"], timeoutMs) : nothing;
  const look = readGpus(cards.out, slices.out, cards.fault ?? slices.fault);
  return cards.late || slices.late ? { ...look, gpus: undefined } : look;
}

/** What nodes are chosen by: whether there are any, and of which kind. */
export function gpuLabels(gpus: readonly FoundGpu[]): Record<string, string> {
  const [first] = gpus;
  if (!first) return { "asci.gpu": "false" };
  const counts = new Map<string, number>();
  for (const { model } of gpus) counts.set(model, (counts.get(model) ?? 0) + 1);
  // By name between equals: the order in which they are told must not change what the node is called.
  const [[model] = [first.model]] = [...counts].sort(
    ([one, a], [other, b]) => b - a || (one < other ? -1 : 1),
  );
  const largest = Math.max(...gpus.map((it) => it.memoryBytes));
  return {
    "asci.gpu": "true",
    "asci.gpu.model": labelValueOf(model),
    "asci.gpu.count": String(gpus.length),
    "asci.gpu.memory": String(Math.floor(largest / 1024 ** 3)),
  };
}
