import { describe, expect, it } from "vitest";
import { en } from "../messages/en.ts";
import { fill } from "../messages/fill.ts";
import {
  describeDuration,
  formatBytes,
  formatClock,
  formatDays,
  formatDay,
  formatExact,
  formatRelative,
  isSoon,
} from "./time.ts";

const text = (ms: number, locale = "en"): string => {
  const { key, parameters } = describeDuration(ms, locale);
  return fill(en[key], parameters, locale);
};

describe("describeDuration", () => {
  it.each([
    [-5, "0.0 s"],
    [0, "0.0 s"],
    [49, "0.0 s"],
    [1_290, "1.2 s"],
    [9_949, "9.9 s"],
    [9_950, "9 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [3_599_000, "59 min"],
    [3_600_000, "1 h"],
    [4_320_000, "1 h 12 min"],
    [86_400_000, "1 d"],
    [100_800_000, "1 d 4 h"],
  ])("%d ms is %s", (ms, expected) => {
    expect(text(ms)).toBe(expected);
  });

  it("writes numbers as the reader does", () => {
    expect(text(1_290, "de")).toBe("1,2 s");
  });
});

describe("formatRelative", () => {
  const now = Date.parse("2026-11-22T03:00:00Z");
  const minute = 60_000;

  it.each([
    [0, "now"],
    [-30_000, "now"],
    [-1 * minute, "1 minute ago"],
    [-59 * minute, "59 minutes ago"],
    [-60 * minute, "1 hour ago"],
    [-24 * 60 * minute, "yesterday"],
    [-6 * 24 * 60 * minute, "6 days ago"],
    [-7 * 24 * 60 * minute, "last week"],
    [2 * 60 * minute, "in 2 hours"],
    [-800 * 24 * 60 * minute, "2 years ago"],
  ])("%d ms from now is %s", (offset, expected) => {
    expect(formatRelative(now + offset, now, "en")).toBe(expected);
  });

  it("speaks the reader's language", () => {
    expect(formatRelative(now - 3 * minute, now, "de")).toBe("vor 3 Minuten");
  });
});

describe("formatExact", () => {
  it("follows the reader's locale and names the zone", () => {
    const at = Date.parse("2026-11-22T03:04:05Z");
    expect(formatExact(at, "en-GB", "UTC")).toBe("22 Nov 2026, 03:04:05 UTC");
    expect(formatExact(at, "de-DE", "UTC")).toBe("22.11.2026, 03:04:05 UTC");
  });
});

describe("formatDay", () => {
  it("follows the reader's locale and zone", () => {
    const at = Date.parse("2026-11-22T20:04:05Z");
    expect(formatDay(at, "en-GB", "UTC")).toBe("22 Nov 2026");
    expect(formatDay(at, "de-DE", "Australia/Melbourne")).toBe("23.11.2026");
  });
});

describe("isSoon", () => {
  const now = Date.parse("2026-11-22T00:00:00Z");
  it.each([
    ["2026-11-21T00:00:00Z", true],
    ["2026-11-28T23:59:59Z", true],
    ["2026-11-29T00:00:00Z", false],
  ])("%s: %s", (at, soon) => {
    expect(isSoon(Date.parse(at), now)).toBe(soon);
  });
});

describe("formatBytes", () => {
  it.each([
    [512 * 2 ** 20, "512 MiB"],
    [1.5 * 2 ** 30, "1.5 GiB"],
    [64 * 2 ** 30, "64 GiB"],
  ])("%d is %s", (bytes, expected) => {
    expect(formatBytes(bytes, "en")).toBe(expected);
  });
});

describe("formatClock", () => {
  const now = Date.UTC(2026, 10, 22, 3, 0);
  it.each([
    [Date.UTC(2026, 10, 22, 0, 24), "en-GB", false, "00:24"],
    [Date.UTC(2026, 10, 22, 0, 24, 7), "de", true, "00:24:07"],
    [Date.UTC(2026, 10, 21, 10, 24), "en-GB", false, "21 Nov 2026, 10:24"],
    [Date.UTC(2026, 10, 21, 10, 24), "de", false, "21.11.2026, 10:24"],
  ])("%d in %s, precise: %s", (atMs, locale, precise, expected) => {
    expect(formatClock(atMs, now, locale, precise, "UTC")).toBe(expected);
  });
});

describe("formatDays", () => {
  const at = (text: string): number => Date.parse(text);
  it.each([
    ["2026-11-01T08:00:00Z", "2026-11-04T08:00:00Z", "1–4 Nov 2026"],
    ["2026-11-30T08:00:00Z", "2026-12-02T08:00:00Z", "30 Nov – 2 Dec 2026"],
    ["2026-11-01T08:00:00Z", "2026-11-01T18:00:00Z", "1 Nov 2026"],
  ])("from %s until %s", (from, until, text) => {
    const days = formatDays(at(from), at(until), "en-AU", "UTC");
    // Which kinds of spaces stand around the dash is the browser's business.
    expect(days.replaceAll(/\s/g, " ")).toBe(text);
  });
});
