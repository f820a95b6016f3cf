import { BlockList, isIP } from "node:net";
import { resolve } from "node:path";
import { z } from "zod";
import { passwordSchema } from "../gateway/schemas.ts";
import { nodeSettings } from "../controller/node-settings.ts";
import { dataTemplateSchema, homeTemplateSchema } from "../controller/storage/template.ts";
import { Failure } from "./failure.ts";

/** What a person may set, by environment variables, for a one-machine installation. */
export interface Settings {
  port: number;
  host: string;
  /** Absolute. */
  dataDir: string;
  adminPassword: string | undefined;
  /** An origin: scheme, host and port. */
  publicUrl: string | undefined;
  /** Addresses and networks, separated by commas. */
  trustedProxies: string | undefined;
  databaseUrl: string | undefined;
  /** 0: keys are rotated by hand only. */
  keyRotationDays: number;
  demo: boolean;
  /** Where homes are, as a pattern; undefined: in the data folder. */
  homes: string | undefined;
  /** Undefined: in the data folder alone. */
  homesMake: boolean | undefined;
  /** Where experiments' data is, as a pattern; undefined: in the data folder. */
  data: string | undefined;
  dataMake: boolean | undefined;
  /** What this machine says of itself as a node: variables for its controller, checked and as they were given. */
  node: Readonly<Record<string, string>>;
}

const onOff = z
  .enum(["0", "1"], {
    error: ({ input }) =>
      `"${String(input)}" is not known: give 1 to have ASCI make folders that are missing there, else 0.`,
  })
  .transform((text) => text === "1")
  .optional();

const schema = z.object({
  ASCI_PORT: z
    .string()
    .refine((text) => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535, {
      error: ({ input }) => `"${String(input)}" is not a port: give a number from 1 to 65535.`,
    })
    .transform(Number)
    .default(8080),
  ASCI_HOST: z
    .string()
    .refine((text) => isIP(text) !== 0 || isHostName(text), {
      error: ({ input }) =>
        `"${String(input)}" is not an address: give one of this machine's, such as 127.0.0.1 or 0.0.0.0.`,
    })
    .default("127.0.0.1"),
  ASCI_DATA: z
    .string()
    .refine((text) => !text.includes("\0"), { error: "is not a path." })
    .transform((text) => resolve(text))
    .default(() => resolve("var")),
  ASCI_ADMIN_PASSWORD: z
    .string()
    .superRefine((text, context) => {
      for (const issue of passwordSchema.safeParse(text).error?.issues ?? []) {
        context.addIssue({ code: "custom", message: `must have ${issue.message}.` });
      }
    })
    .optional(),
  ASCI_PUBLIC_URL: z
    .string()
    .refine((text) => originOf(text) !== undefined, {
      error: ({ input }) =>
        `"${String(input)}" is not the address of a site: give scheme and host, such as https://desktops.example.org.`,
    })
    .transform((text) => originOf(text) ?? text)
    .optional(),
  ASCI_TRUSTED_PROXIES: z
    .string()
    .superRefine((text, context) => {
      const wrong = text.split(",").filter((part) => !isNetwork(part.trim()));
      if (wrong.length === 0) return;
      context.addIssue({
        code: "custom",
        message: `"${wrong.join(",")}" is no address or network: give some separated by commas, such as 10.0.0.5,192.168.1.0/24.`,
      });
    })
    .optional(),
  DATABASE_URL: z
    .string()
    // Its value may hold a password, so it is not repeated.
    .refine(isPostgresUrl, {
      error: "is not the address of a Postgres: give postgres://user:password@host:port/database.",
    })
    .optional(),
  ASCI_KEY_ROTATION_DAYS: z
    .string()
    .refine((text) => /^\d{1,4}$/.test(text), {
      error: ({ input }) =>
        `"${String(input)}" is not a number of days: give a whole one, or 0 to rotate keys by hand only.`,
    })
    .transform(Number)
    .default(30),
  ASCI_HOMES: homeTemplateSchema.optional(),
  ASCI_HOMES_MAKE: onOff,
  ASCI_EXPERIMENT_DATA: dataTemplateSchema.optional(),
  ASCI_EXPERIMENT_DATA_MAKE: onOff,
  ASCI_DEMO: z
    .enum(["0", "1"], {
      error: ({ input }) =>
        `"${String(input)}" is not known: give 0 for an empty catalogue, 1 for the demonstration desktop.`,
    })
    .transform((text) => text === "1")
    .default(true),
  ...nodeSettings,
});

/**
 * Reads the settings; a variable that is set to nothing counts as not set.
 * @throws Failure `settings`, naming every fault at once
 */
export function readSettings(environment: Readonly<NodeJS.ProcessEnv>): Settings {
  const set = Object.entries(environment).filter(
    ([, value]) => value !== undefined && value !== "",
  );
  const parsed = schema.safeParse(Object.fromEntries(set));
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      (issue) => `  ${issue.path.join(".")}: ${issue.message}`,
    );
    throw new Failure("settings", ["These settings are wrong:", ...faults].join("\n"));
  }
  const found = parsed.data;
  return {
    port: found.ASCI_PORT,
    host: found.ASCI_HOST,
    dataDir: found.ASCI_DATA,
    adminPassword: found.ASCI_ADMIN_PASSWORD,
    publicUrl: found.ASCI_PUBLIC_URL,
    trustedProxies: found.ASCI_TRUSTED_PROXIES,
    databaseUrl: found.DATABASE_URL,
    keyRotationDays: found.ASCI_KEY_ROTATION_DAYS,
    demo: found.ASCI_DEMO,
    homes: found.ASCI_HOMES,
    homesMake: found.ASCI_HOMES_MAKE,
    data: found.ASCI_EXPERIMENT_DATA,
    dataMake: found.ASCI_EXPERIMENT_DATA_MAKE,
    node: Object.fromEntries(
      set.flatMap(([name, value]) =>
        value !== undefined && Object.hasOwn(nodeSettings, name) ? [[name, value]] : [],
      ),
    ),
  };
}

/** The data folder alone, for commands to which no other setting matters. */
export function dataDirOf(environment: Readonly<NodeJS.ProcessEnv>): string {
  return resolve(environment["ASCI_DATA"] || "var");
}

/** Where the site answers on this machine: the address that is printed. */
export function localUrl({ host, port }: Pick<Settings, "host" | "port">): string {
  const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${isIP(reachable) === 6 ? `[${reachable}]` : reachable}:${port}`;
}

function isHostName(text: string): boolean {
  // Something of digits and dots only is an address with a fault in it.
  return /^(?=.{1,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$/i.test(text) && /[a-z]/i.test(text);
}

function originOf(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) return undefined;
  if (url.username !== "" || url.pathname !== "/" || url.search !== "" || url.hash !== "")
    return undefined;
  return url.origin;
}

function isNetwork(text: string): boolean {
  const [address = "", prefix, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  if (!/^\d{1,3}$/.test(prefix)) return false;
  try {
    new BlockList().addSubnet(address, Number(prefix), family === 6 ? "ipv6" : "ipv4");
    return true;
  } catch {
    return false;
  }
}

function isPostgresUrl(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null && ["postgres:", "postgresql:"].includes(url.protocol) && url.pathname.length > 1
  );
}
