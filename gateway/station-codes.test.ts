import { describe, expect, it } from "vitest";
import { hashStationCode, newStationCode, readStationCode } from "./station-codes.ts";

describe("a station's code", () => {
  it("is the same however it is typed", () => {
    const code = newStationCode();
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    const plain = code.replace("-", "");
    for (const typed of [code, ` ${code.toLowerCase()} `, plain, [...plain].join(" ")])
      expect(readStationCode(typed)).toBe(plain);
    expect(readStationCode("o1il-OOOO")).toBe("01110000");
  });

  it.each(["", "7KQ2", "7KQ2-M4XDA", "7KQ2-M4X!", "7KQ2-M4XU"])("is not %j", (typed) => {
    expect(readStationCode(typed)).toBeUndefined();
  });

  it("is kept as a hash that takes the gateways' secret", async () => {
    const [one, two] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    expect(await hashStationCode(one, "7kq2m4xd")).toEqual(await hashStationCode(one, "7KQ2-M4XD"));
    expect(await hashStationCode(one, "7KQ2-M4XD")).not.toEqual(
      await hashStationCode(two, "7KQ2-M4XD"),
    );
  });
});
