import { z } from "zod";
import { gatewayConfigSchema } from "../config.ts";

/** `https://relay-{node}.example.org`: `{node}` stands for the node's name. */
const nodeAddress = z
  .string("an http: or https: address")
  .refine((it) => {
    const url =
      URL.canParse(it.replaceAll("{node}", "node")) && new URL(it.replaceAll("{node}", "node"));
    return url !== false && /^https?:$/.test(url.protocol) && url.pathname === "/" && !url.search;
  }, "an http: or https: address without a path, with {node} where the node's name belongs")
  .transform((it) => it.replace(/\/$/, ""));

const binding = z.custom<object>((it) => typeof it === "object" && it !== null, {
  error: "a binding, as wrangler.toml has it",
});

/** The Worker's bindings, variables and secrets, validated whole. */
export const workerConfigSchema = gatewayConfigSchema
  .pick({ ASCI_PUBLIC_URL: true, ASCI_SEALING_KEY: true })
  .extend({
    // In wrangler.toml a number may stand without quotes.
    ASCI_KEY_ROTATION_DAYS: z.preprocess(
      (it) => (typeof it === "number" ? String(it) : it),
      gatewayConfigSchema.shape.ASCI_KEY_ROTATION_DAYS,
    ),
    ASCI_NODE_URL: nodeAddress,
    /** How long an event stream may last; with its CPU it has to stay below `cpu_ms`. */
    ASCI_EVENTS_SECONDS: z.coerce
      .number("seconds")
      .min(1, "at least 1 second")
      .max(3600, "at most 3600 seconds")
      .default(600),
    ASSETS: binding,
    HYPERDRIVE: z.object({ connectionString: z.string() }, "a binding, as wrangler.toml has it"),
    /** A service token of Cloudflare Access, where it stands in front of the nodes' public names. */
    ASCI_ACCESS_CLIENT_ID: z.string().min(1, "not empty").optional(),
    ASCI_ACCESS_CLIENT_SECRET: z.string().min(1, "not empty").optional(),
  })
  .refine(
    (it) =>
      (it.ASCI_ACCESS_CLIENT_ID === undefined) === (it.ASCI_ACCESS_CLIENT_SECRET === undefined),
    {
      path: ["ASCI_ACCESS_CLIENT_SECRET"],
      error: "set both ASCI_ACCESS_CLIENT_ID and ASCI_ACCESS_CLIENT_SECRET, or neither",
    },
  );
export type WorkerConfig = z.infer<typeof workerConfigSchema>;
