import { z } from "zod";

const text = (rule: string) => z.string(rule).min(1, rule);

/** The gateway's environment, validated whole. */
export const gatewayConfigSchema = z.object({
  ASCI_HOST: text("an address to listen on").default("127.0.0.1"),
  ASCI_PORT: z.coerce.number("a port number").int().min(0).max(65535).default(8080),
  ASCI_PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: "an http: or https: address" })
    .transform((it) => new URL(it).origin)
    .optional(),
  ASCI_TRUSTED_PROXIES: z
    .string()
    .default("")
    .transform((it) =>
      it
        .split(",")
        .map((part) => part.trim())
        .filter(Boolean),
    ),
  DATABASE_URL: text("a postgres: address"),
  ASCI_SEALING_KEY: z
    .base64("32 bytes in Base64")
    .transform((it) => Uint8Array.from(atob(it), (char) => char.charCodeAt(0)))
    .refine((it) => it.length === 32, "32 bytes in Base64"),
  /** How long a key signs tickets before the next one is published; 0: until an operator rotates it. */
  ASCI_KEY_ROTATION_DAYS: z
    .string()
    .regex(/^\d{1,4}$/, "a whole number of days, or 0 to leave rotation to an operator")
    .transform(Number)
    .default(30),
  /**
   * How long a gateway that was asked to end goes on serving while `/readyz` says no, so that a load
   * balancer turns to others. Without one there is nobody to wait for.
   */
  ASCI_DRAIN_SECONDS: z.coerce
    .number("seconds")
    .min(0, "at least 0 seconds")
    .max(600, "at most 600 seconds")
    .default(0),
  ASCI_UI_DIR: text("the folder of the built UI"),
  /** Who the gateway becomes once it listens, where it was started as root. */
  ASCI_GATEWAY_UID: z.coerce.number("a numeric user id").int().min(1).optional(),
  ASCI_GATEWAY_GID: z.coerce.number("a numeric group id").int().min(1).optional(),
});
export type GatewayConfig = z.infer<typeof gatewayConfigSchema>;

/** Every fault at once, by name. */
export function configFaults(error: z.ZodError): string[] {
  return error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}
