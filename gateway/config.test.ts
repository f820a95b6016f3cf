import { describe, expect, it } from "vitest";
import { configFaults, gatewayConfigSchema } from "./config.ts";

const needed = {
  DATABASE_URL: "postgres://gateway@127.0.0.1/asci",
  ASCI_SEALING_KEY: btoa("\0".repeat(32)),
  ASCI_UI_DIR: "/srv/ui",
};
const parse = (more: Record<string, string>) =>
  gatewayConfigSchema.safeParse({ ...needed, ...more });

describe("a gateway's environment", () => {
  it("has keys rotated every 30 days, unless it says otherwise", () => {
    const days = (more: Record<string, string>) => parse(more).data?.ASCI_KEY_ROTATION_DAYS;
    expect(days({})).toBe(30);
    expect(days({ ASCI_KEY_ROTATION_DAYS: "7" })).toBe(7);
    expect(days({ ASCI_KEY_ROTATION_DAYS: "0" })).toBe(0);
  });

  it.each(["", "-1", "1.5", "monthly", "99999", "1e2", " 3"])(
    "does not take %j for a number of days",
    (text) => {
      const { error } = parse({ ASCI_KEY_ROTATION_DAYS: text });
      expect(error && configFaults(error)).toEqual([
        expect.stringMatching(/^ASCI_KEY_ROTATION_DAYS: a whole number of days/),
      ]);
    },
  );

  it("names every fault at once", () => {
    const { error } = parse({ ASCI_KEY_ROTATION_DAYS: "x", ASCI_SEALING_KEY: "x", ASCI_PORT: "x" });
    const names = (error ? configFaults(error) : []).map((it) => it.split(":")[0]);
    expect(new Set(names)).toEqual(
      new Set(["ASCI_KEY_ROTATION_DAYS", "ASCI_PORT", "ASCI_SEALING_KEY"]),
    );
  });
});
