import { describe, expect, it } from "vitest";
import type { AdminRule } from "../../../../gateway/rule-schemas.ts";
import {
  changesOf,
  draftOf,
  emptyDraft,
  isChanged,
  onTopOf,
  storedDrafts,
  storedText,
} from "./draft.ts";

const rule: AdminRule = {
  id: "0198b9c4-0000-7000-8000-000000000001",
  name: "Tomography prefers A40",
  priority: 30,
  enabled: true,
  when: { environment: ["tomography"] },
  then: { require: "gpu=a40", strategy: "spread" },
  version: 7,
  matchedLastWeek: 128,
  createdAt: "2026-11-01T08:00:00.000Z",
  updatedAt: "2026-11-02T08:00:00.000Z",
  updatedBy: "u0042",
};

describe("a draft", () => {
  it("is no change in another order of the same things", () => {
    const draft = draftOf(rule);
    expect(isChanged(draft)).toBe(false);
    expect(isChanged({ ...draft, then: { strategy: "spread", require: "gpu=a40" } })).toBe(false);
    expect(isChanged({ ...draft, then: { ...draft.then, dedicate: true } })).toBe(true);
    expect(isChanged({ ...draft, enabled: false })).toBe(true);
    expect(isChanged({ ...draft, raw: "{" })).toBe(true);
  });

  it("sends what changed and nothing else", () => {
    const draft = draftOf(rule);
    expect(changesOf({ ...draft, enabled: false, name: " Tomography prefers A40 " })).toEqual({
      enabled: false,
    });
    expect(changesOf({ ...draft, when: {} })).toEqual({ when: {} });
    expect(changesOf({ ...emptyDraft, name: "New" })).toEqual({
      name: "New",
      enabled: true,
      when: {},
      then: {},
    });
  });

  it("keeps what is mine on top of what others saved", () => {
    const mine = { ...draftOf(rule), enabled: false };
    const theirs = { ...rule, version: 8, name: "Theirs" };
    const now = onTopOf(mine, theirs);
    expect(now.base?.version).toBe(8);
    expect(changesOf(now)).toEqual({ enabled: false, name: "Tomography prefers A40" });
  });
});

describe("what is kept of drafts", () => {
  it("comes back as it was", () => {
    const all = {
      new: { ...emptyDraft, name: "New", raw: "{ not json" },
      [rule.id]: { ...draftOf(rule), then: { require: "gpu in (a40" } },
    };
    expect(storedDrafts(storedText(all))).toEqual(all);
  });

  it.each([
    null,
    "",
    "[]",
    "3",
    '{"new": {"name": 3}}',
    '{"new": {"id": null, "name": "", "enabled": true, "when": {"moon": 1}, "then": {}, "raw": null, "base": null}}',
    '{"x": {"id": "x", "name": "", "enabled": true, "when": {}, "then": {}, "raw": null, "base": null}}',
  ])("is left out where it is not sound: %s", (text) => {
    expect(storedDrafts(text)).toEqual({});
  });
});
