import { describe, expect, it } from "vitest";
import type { Instance } from "../../gateway/schemas.ts";
import { reasonText, sentence, whyText } from "./reason.ts";

describe("reasonText", () => {
  it.each([
    ["stopped_by_person", "stopped by its owner", "Stopped by you."],
    [
      "no_capacity",
      "3 nodes: 3 without enough free memory",
      "No node has room just now. 3 nodes: 3 without enough free memory.",
    ],
    ["something_new", "the moon was in the way", "The moon was in the way."],
  ])("%s", (code, text, expected) => {
    expect(reasonText({ code, text })).toBe(expected);
  });
});

describe("sentence", () => {
  it.each([
    ["", ""],
    ["it ended", "It ended."],
    ["It ended!", "It ended!"],
    ["ähnlich", "Ähnlich."],
  ])("%j → %j", (text, expected) => {
    expect(sentence(text)).toBe(expected);
  });
});

describe("whyText", () => {
  const at = "2026-11-22T10:24:07.000Z";
  const queued = (reason: Instance["reason"]) =>
    ({ state: "queued", reason, timeline: [{ phase: "queued", at, usualMs: 0 }] }) as never;
  const later = (ms: number) => Date.parse(at) + ms;

  it("says that nothing looks for a place, once that has taken too long", () => {
    expect(whyText(queued(null), later(9_000))).toBeNull();
    expect(whyText(queued(null), later(11_000))).toMatch(/^Nothing has looked for a place yet/);
  });

  it("keeps to the reason where there is one", () => {
    const reason = { code: "no_nodes", text: "" };
    expect(whyText(queued(reason), later(11_000))).toBe("No node is registered yet.");
  });

  it("says nothing of one that runs", () => {
    const running = { state: "running", reason: null, timeline: [] } as never;
    expect(whyText(running, later(1e9))).toBeNull();
  });
});
