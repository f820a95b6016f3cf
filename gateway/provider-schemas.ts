/** Shapes of the calls about providers of sign-in. */
import { z } from "zod";
import { changes, something } from "./admin-schemas.ts";
import { id, line, time } from "./schemas.ts";

export const offeredProviderSchema = z
  .object({ slug: z.string(), name: z.string() })
  .meta({ ref: "OfferedProvider" });
export type OfferedProvider = z.infer<typeof offeredProviderSchema>;

const claimRule = z.object({
  claim: line().min(1).max(200),
  pattern: line()
    .min(1)
    .max(200)
    .regex(/^[^*]*\*?[^*]*$/, "one * at most"),
  gives: z.enum(["role", "group", "beamline_staff", "experiment"]),
  target: line().min(1).max(100),
});
const rules = z
  .array(
    claimRule.refine(
      (it) => it.gives !== "role" || ["staff", "admin", "monitor"].includes(it.target),
      { path: ["target"], message: "staff, admin or monitor" },
    ),
  )
  .max(200);
/** On the way to a provider nobody may read along; one on this machine has no certificate. */
const issuer = z
  .string()
  .max(500)
  .refine((it) => {
    const { protocol, hostname } = URL.canParse(it) ? new URL(it) : { protocol: "", hostname: "" };
    const here = ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
    return protocol === "https:" || (protocol === "http:" && here);
  }, "an https: address");
const providerFields = {
  name: line().trim().min(1).max(100),
  issuer,
  clientId: line().min(1).max(300),
  clientSecret: line().min(1).max(500).nullable(),
  scope: z
    .string()
    .max(300)
    .regex(/^openid( [\x21-\x7e]+)*$/, "openid, and others after it"),
  usernameClaim: line().min(1).max(100),
  vouches: z.boolean(),
  enabled: z.boolean(),
  logout: z.boolean(),
  rules,
};
export const adminProviderSchema = z
  .object({
    id,
    slug: z.string(),
    name: z.string(),
    issuer: z.string(),
    clientId: z.string(),
    hasSecret: z.boolean(),
    scope: z.string(),
    usernameClaim: z.string(),
    vouches: z.boolean().meta({
      description: "who comes with the name of an account that the user office made owns it",
    }),
    enabled: z.boolean(),
    logout: z.boolean().meta({
      description: "signing out here leads to its sign-out as well, where it has one",
    }),
    people: z.int().meta({ description: "how many have signed in with it" }),
    rules: z.array(claimRule),
    createdAt: time,
  })
  .meta({ ref: "Provider" });
export const providerBody = z.object({
  ...providerFields,
  slug: z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/, "1 to 31 lower-case letters, digits and -"),
  clientSecret: providerFields.clientSecret.default(null),
  scope: providerFields.scope.default("openid profile email"),
  usernameClaim: providerFields.usernameClaim.default("preferred_username"),
  vouches: z.boolean().default(false),
  enabled: z.boolean().default(true),
  logout: z.boolean().default(true),
  rules: rules.default([]),
});
export const patchProviderBody = z.object(providerFields).partial().refine(changes, something);
