/** What a node says of itself by settings, read by the controller and, before it is started, by `npm start`. */
import { z } from "zod";
import type { ReportedGpu } from "../db/node-gpus.ts";
import { parseLabels } from "./node-labels.ts";

const mostGpus = 64;
const mostSlots = 64;
const mostSpares = 32;
const units: Record<string, number> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 };

/** Bytes from `1073741824` or `1.5GiB`; NaN where it is neither. */
export function bytesOf(text: string): number {
  const [, amount, unit] = /^(\d{1,16}(?:\.\d{1,6})?) ?(KiB|MiB|GiB|TiB)?$/.exec(text) ?? [];
  if (amount === undefined || (unit === undefined && amount.includes("."))) return Number.NaN;
  return Math.floor(Number(amount) * (unit === undefined ? 1 : (units[unit] ?? Number.NaN)));
}

const size = (least: number, what: string) =>
  z
    .string()
    .refine((text) => bytesOf(text) >= least && bytesOf(text) <= Number.MAX_SAFE_INTEGER, {
      error: ({ input }) => `"${String(input).slice(0, 40)}" is not ${what}.`,
    })
    .transform(bytesOf);

const slots = z
  .int(`a whole number of slots, 1 to ${mostSlots}`)
  .min(1, `a whole number of slots, 1 to ${mostSlots}`)
  .max(mostSlots, `a whole number of slots, 1 to ${mostSlots}`);

const declaredGpu = z
  .strictObject({
    uuid: z
      .string("a GPU's UUID, such as nvidia-smi -L shows it")
      .regex(
        /^(GPU|MIG)-[A-Za-z0-9./-]{1,120}$/,
        "a GPU's UUID, such as nvidia-smi -L shows it: GPU-… or MIG-…",
      ),
    model: z
      .string("the GPU's model")
      .regex(/^[^\p{Cc}]{1,200}$/u, "the GPU's model: 1 to 200 characters on one line"),
    memoryBytes: z.int("whole bytes, more than 0").positive("whole bytes, more than 0").optional(),
    memoryGiB: z
      .number("more than 0")
      .positive("more than 0")
      .max(1e6, "at most 1000000")
      .optional(),
    slots: slots.optional(),
  })
  .refine((it) => (it.memoryBytes === undefined) !== (it.memoryGiB === undefined), {
    error: "its memory: give either memoryBytes or memoryGiB",
    path: ["memoryGiB"],
  });

/** A GPU that is declared, with the slots that it says itself, if any. */
export type DeclaredGpu = Omit<ReportedGpu, "slots"> & { readonly slots: number | undefined };

const gpus = z.string().transform((text, context): DeclaredGpu[] => {
  const fault = (message: string) => context.addIssue({ code: "custom", message });
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    fault(
      'is not JSON: give [{"uuid": "GPU-…", "model": "…", "memoryGiB": 48, "slots": 2}], or [].',
    );
    return z.NEVER;
  }
  const parsed = z.array(declaredGpu).max(mostGpus, `at most ${mostGpus} GPUs`).safeParse(given);
  for (const issue of parsed.error?.issues ?? []) {
    const [at, ...field] = issue.path;
    const where = typeof at === "number" ? `GPU ${at + 1}, ` : "";
    fault(`${where}${field.length > 0 ? `${field.join(".")}: ` : ""}${issue.message}.`);
  }
  const seen = new Set<string>();
  for (const { uuid } of parsed.data ?? []) {
    if (seen.has(uuid))
      fault(`${uuid} is given twice: each GPU once, with slots for several desktops.`);
    seen.add(uuid);
  }
  return (parsed.data ?? []).map((it) => ({
    uuid: it.uuid,
    model: it.model,
    memoryBytes: it.memoryBytes ?? Math.floor((it.memoryGiB ?? 0) * 1024 ** 3),
    slots: it.slots,
  }));
});

const labels = z.string().transform((text, context) => {
  const parsed = parseLabels(text);
  for (const message of parsed.faults.slice(0, 20))
    context.addIssue({ code: "custom", message: `${message}.` });
  return parsed.labels;
});

const number = (rule: z.ZodType<number>, what: string) =>
  z
    .string()
    .refine((text) => /^\d{1,6}(\.\d{1,3})?$/.test(text) && rule.safeParse(Number(text)).success, {
      error: ({ input }) => `"${String(input).slice(0, 40)}" is not ${what}.`,
    })
    .transform(Number);

/** Fields of the environment; what is not set is undefined. */
export const nodeSettings = {
  ASCI_NODE_GPUS: gpus.optional(),
  ASCI_GPU_SLOTS: number(
    slots,
    `a number of slots: give how many desktops may share a GPU, 1 to ${mostSlots}`,
  ).optional(),
  ASCI_NODE_LABELS: labels.optional(),
  ASCI_NODE_CPUS: number(
    z.number().positive(),
    "a number of cores: give how many this node offers, more than 0",
  ).optional(),
  ASCI_NODE_MEMORY: size(
    1,
    "a size of memory: give how much this node offers, more than 0, in bytes or like 64GiB",
  ).optional(),
  ASCI_IMAGES_MAX_BYTES: size(
    1,
    "a size: give what images may take in all, more than 0, in bytes or like 200GiB",
  ).optional(),
  ASCI_PULL_BYTES_PER_SECOND: size(
    1024,
    "a rate: give how fast images may be pulled beforehand, in bytes a second or like 20MiB, at least 1KiB",
  ).optional(),
  /** Of the placer's: whether images are asked for before anybody starts from them. */
  ASCI_IMAGES_BEFOREHAND: z.enum(["0", "1"], "0 or 1").optional(),
  ASCI_SPARE_NETWORKS: number(
    z.int().min(0).max(mostSpares),
    `a number of networks: give how many stand ready for starts, 0 to ${mostSpares}`,
  ).optional(),
  ASCI_IMAGES_MIN_FREE: size(
    0,
    "a size: give what pulls must leave free, in bytes or like 20GiB",
  ).optional(),
};
export type NodeSettings = z.infer<z.ZodObject<typeof nodeSettings>>;
