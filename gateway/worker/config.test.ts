import { describe, expect, it } from "vitest";
import { configFaults } from "../config.ts";
import { workerConfigSchema } from "./config.ts";

const good = {
  ASCI_SEALING_KEY: btoa("x".repeat(32)),
  ASCI_NODE_URL: "https://relay-{node}.example.org",
  ASSETS: { fetch: () => {} },
  HYPERDRIVE: { connectionString: "postgres://somewhere" },
};
const faultsOf = (env: Record<string, unknown>): string[] => {
  const { success, error } = workerConfigSchema.safeParse(env);
  return success ? [] : configFaults(error);
};

describe("a Worker's settings", () => {
  it("need no more than bindings, a sealing key and a way to nodes", () => {
    expect(faultsOf(good)).toEqual([]);
    expect(workerConfigSchema.parse(good)).toMatchObject({ ASCI_KEY_ROTATION_DAYS: 30 });
  });

  it("name every fault at once", () => {
    const faults = faultsOf({ ASCI_SEALING_KEY: "short", ASCI_PUBLIC_URL: "here" });
    const wrong = ["ASCI_SEALING_KEY", "ASCI_NODE_URL", "ASCI_PUBLIC_URL"];
    for (const name of [...wrong, "ASSETS", "HYPERDRIVE"])
      expect(faults.some((it) => it.startsWith(`${name}:`))).toBe(true);
  });

  it.each(["nodes.example.org", "ftp://{node}", "https://{node}/relay", "https://{node}?a=b", ""])(
    "refuse %j as the address of nodes",
    (address) => {
      expect(faultsOf({ ...good, ASCI_NODE_URL: address })).toHaveLength(1);
    },
  );

  it.each(["https://relay-{node}.example.org/", "http://{node}:8443", "http://127.0.0.1:9000"])(
    "take %s, without a slash at its end",
    (address) => {
      const { ASCI_NODE_URL } = workerConfigSchema.parse({ ...good, ASCI_NODE_URL: address });
      expect(ASCI_NODE_URL).toBe(address.replace(/\/$/, ""));
    },
  );

  it("want both halves of a service token, or neither", () => {
    expect(faultsOf({ ...good, ASCI_ACCESS_CLIENT_ID: "an-id" })).toHaveLength(1);
    expect(faultsOf({ ...good, ASCI_ACCESS_CLIENT_SECRET: "a-secret" })).toHaveLength(1);
    const both = { ASCI_ACCESS_CLIENT_ID: "an-id", ASCI_ACCESS_CLIENT_SECRET: "a-secret" };
    expect(faultsOf({ ...good, ...both })).toEqual([]);
  });
});
