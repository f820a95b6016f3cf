import { z } from "zod";
import { defaultLostMs } from "./judge.ts";
import { nodeSettings } from "./node-settings.ts";
import { dataTemplateSchema, homeTemplateSchema } from "./storage/template.ts";

const path = (rule: string) => z.string(rule).startsWith("/", rule);
const unixUrl = z
  .string()
  .regex(/^unix:\/.{1,107}$/, "an address like unix:/run/asci/controller.sock");
const gid = z.coerce.number("a numeric group id").int().min(0);
const onOff = z
  .enum(["0", "1"], "0 or 1")
  .default("0")
  .transform((it) => it === "1");

/** A node tells of itself every 2 s, so that a shorter silence means nothing. */
const lostSeconds = z.coerce
  .number("a number of seconds")
  .min(5, "at least 5 seconds")
  .max(86_400, "at most a day, which is 86400 seconds")
  .default(defaultLostMs / 1000);

/** The controller's environment, validated whole. */
export const controllerConfigSchema = z.object({
  DATABASE_URL: z.string("a postgres: address").min(1),
  ASCI_PLACER_DATABASE_URL: z.string().min(1).optional(),
  /** Of the placer's: how long a node may be silent before what stands on it counts as lost. */
  ASCI_LOST_SECONDS: lostSeconds,
  ASCI_NODE_ID: z.uuid("the node's id"),
  ASCI_RUN_DIR: path("an absolute path"),
  ASCI_HOMES: homeTemplateSchema,
  ASCI_HOMES_MAKE: onOff,
  ASCI_EXPERIMENT_DATA: dataTemplateSchema.optional(),
  ASCI_EXPERIMENT_DATA_MAKE: onOff,
  ASCI_CONTROLLER_LISTEN: unixUrl,
  ASCI_RELAY_GID: gid,
  DOCKER_HOST: z.string().optional(),
  ...nodeSettings,
});
export type ControllerConfig = z.infer<typeof controllerConfigSchema>;

/** The environment of a placer that is a process of its own. */
export const placerConfigSchema = z.object({
  ASCI_PLACER_DATABASE_URL: z.string("a postgres: address").min(1),
  ASCI_LOST_SECONDS: lostSeconds,
  ASCI_IMAGES_BEFOREHAND: nodeSettings.ASCI_IMAGES_BEFOREHAND,
});

/** The relay's environment. */
export const relayConfigSchema = z.object({
  DATABASE_URL: z.string("a postgres: address").min(1),
  ASCI_NODE_ID: z.uuid("the node's id"),
  ASCI_RUN_DIR: path("an absolute path"),
  ASCI_RELAY_LISTEN: unixUrl,
  ASCI_RELAY_UID: z.coerce.number("a numeric user id").int().min(0),
  ASCI_RELAY_GID: gid,
});

/** Parses an environment; every fault is named at once, and the process ends. */
export function readConfig<T>(schema: z.ZodType<T>, env: NodeJS.ProcessEnv): T {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues)
    console.error(`${issue.path.join(".")}: ${issue.message}`);
  process.exit(78);
}
