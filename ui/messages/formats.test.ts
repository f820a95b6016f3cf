import { afterEach, describe, expect, it, vi } from "vitest";
import { dateFormat, numberFormat } from "./formats.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe("a format", () => {
  it("is made once for its locale and options", () => {
    const whole = { maximumFractionDigits: 0 };
    expect(numberFormat("en-AU", whole)).toBe(numberFormat("en-AU", { ...whole }));
    expect(numberFormat("en-AU", whole).format(1234.5)).toBe("1,235");
    expect(numberFormat("de", whole).format(1234.5)).toBe("1.235");
    expect(numberFormat("en-AU").format(1234.5)).toBe("1,234.5");
  });

  it("follows the machine to another time zone, an hour later at most", () => {
    vi.useFakeTimers({ now: 1_000_000 * 3_600_000 });
    const clock = () => dateFormat("en-AU", { timeStyle: "short" }).resolvedOptions().timeZone;
    vi.stubEnv("TZ", "Europe/Berlin");
    expect(clock()).toBe("Europe/Berlin");
    vi.stubEnv("TZ", "Australia/Melbourne");
    expect(clock()).toBe("Europe/Berlin");
    vi.advanceTimersByTime(3_600_000);
    expect(clock()).toBe("Australia/Melbourne");
  });
});
