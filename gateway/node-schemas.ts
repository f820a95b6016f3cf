/** Shapes of nodes as administrators see and change them. */
import { z } from "zod";
import { something } from "./admin-schemas.ts";
import { changesBeside, reason } from "./scheduling-parts.ts";
import { id, time } from "./schemas.ts";

/** The grammar of Kubernetes' labels. */
export const labelKey = z
  .string()
  .max(317)
  .regex(
    /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
    "a label's name: at most 63 letters, digits, _, . and -, a letter or digit first and last, perhaps behind a domain and /",
  );
export const labelValue = z
  .string()
  .regex(
    /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/,
    "a label's value: at most 63 letters, digits, _, . and -, a letter or digit first and last",
  );
export const labelsBody = z
  .record(labelKey, labelValue)
  .refine((it) => Object.keys(it).length <= 100, "at most 100 labels");

export const patchNodeBody = z
  .object({
    schedulable: z.boolean(),
    draining: z.boolean().meta({
      description: "nothing new comes here, and whoever is here is asked to go elsewhere",
    }),
    labels: labelsBody.meta({
      description: "an administrator's labels, all of them; they come before what the node reports",
    }),
    gpuSlots: z
      .record(z.string().max(130), z.int().min(1).max(64).nullable())
      .meta({ description: "by a GPU's UUID how many may share it; null: as the node says" }),
    reason: reason.meta({ description: "why; shown to whoever asks why nothing is placed here" }),
  })
  .partial()
  .refine((body) => changesBeside(body, ["reason"]), something);

export const nodeGpuSchema = z.object({
  uuid: z.string(),
  model: z.string(),
  memoryBytes: z.number(),
  slots: z.int(),
  setSlots: z.int().nullable(),
  present: z.boolean(),
  allocated: z.object({ slots: z.int(), memoryBytes: z.number() }),
  instances: z.array(
    z.object({ id, name: z.string(), owner: z.string(), memoryBytes: z.number() }),
  ),
});

export const adminNodeSchema = z
  .object({
    id,
    name: z.string(),
    state: z.enum(["ready", "not_ready", "unschedulable", "draining", "lost"]),
    reason: z.object({ code: z.string(), text: z.string() }).nullable().meta({
      description:
        "why it is in this state; of one that is ready what is wrong all the same, e.g. its clock",
    }),
    schedulable: z.boolean(),
    draining: z.boolean(),
    hold: z
      .object({ by: z.string().nullable(), reason: z.string().nullable(), at: time })
      .nullable()
      .meta({ description: "who keeps new instances away, why and since when" }),
    labels: z.record(z.string(), z.string()),
    setLabels: z
      .record(z.string(), z.string())
      .meta({ description: "those that an administrator set" }),
    capacity: z.object({
      cpus: z.number(),
      memoryBytes: z.number(),
      gpus: z.int(),
      gpuMemoryBytes: z.number(),
    }),
    allocated: z.object({
      cpus: z.number(),
      memoryBytes: z.number(),
      gpus: z.int().meta({ description: "GPUs of which at least a part is taken" }),
      gpuMemoryBytes: z.number(),
      instances: z.int(),
    }),
    people: z.int().meta({ description: "how many people have instances here" }),
    dedicatedTo: z.object({ experiment: z.string(), until: time }).nullable(),
    gatheredFor: z.object({ owner: z.string(), name: z.string(), until: time }).nullable().meta({
      description:
        "the waiting instance that is to have room here, and that nothing behind it is placed here for, until then at most",
    }),
    images: z.object({ present: z.int(), wanted: z.int(), pulling: z.int(), failed: z.int() }),
    disk: z.object({ totalBytes: z.number(), freeBytes: z.number() }).nullable(),
    clockSkewMs: z.number().nullable().meta({ description: "how far its clock is ahead" }),
    lastSeenAt: time.nullable(),
    createdAt: time,
  })
  .meta({ ref: "Node" });
export type AdminNode = z.infer<typeof adminNodeSchema>;

export const nodeDetailSchema = adminNodeSchema
  .extend({
    gpus: z.array(nodeGpuSchema),
    instances: z.array(
      z.object({
        id,
        name: z.string(),
        state: z.string(),
        owner: z.string(),
        environment: z.string(),
        experiment: z.string().nullable(),
        cpus: z.number(),
        memoryBytes: z.number(),
        gpus: z.array(z.object({ uuid: z.string(), memoryBytes: z.number() })),
        placedAt: time,
      }),
    ),
    imageList: z.array(
      z.object({
        environment: z.string(),
        version: z.string(),
        state: z.enum(["absent", "pulling", "present", "failed"]),
        wanted: z.boolean(),
        because: z.string().nullable(),
        doneBytes: z.number().nullable(),
        totalBytes: z.number().nullable(),
        sizeBytes: z.number().nullable(),
        reason: z.object({ code: z.string(), text: z.string() }).nullable(),
        changedAt: time,
      }),
    ),
    events: z
      .array(
        z.object({
          at: time,
          kind: z.enum(["instance", "change"]),
          actor: z.string().nullable(),
          text: z.string().meta({ description: "e.g. an action of the audit trail, or a state" }),
          reason: z.string().nullable(),
          instance: z.object({ id, name: z.string() }).nullable(),
        }),
      )
      .meta({ description: "the last 50, the newest first" }),
  })
  .meta({ ref: "NodeDetail" });
export type NodeDetail = z.infer<typeof nodeDetailSchema>;

/** For completion in selectors. */
export const labelListSchema = z
  .object({
    items: z.array(z.object({ key: z.string(), values: z.array(z.string()), nodes: z.int() })),
  })
  .meta({ ref: "NodeLabels" });
