import { describe, expect, it } from "vitest";
import type { Experiment, Provider } from "../../api/admin-calls.ts";
import { auditFaults, auditQuery, detailLines } from "./audit-filters.ts";
import { holdingOf } from "./entitlement-words.ts";
import { experimentChanges, experimentIn, phaseOf } from "./experiment-entries.ts";
import { editedTime, fromLocalInput, toLocalInput } from "./local-time.ts";
import { namesIn, sameNames, withNames } from "./names.ts";
import { emptyRule, providerChanges, providerIn } from "./provider-entries.ts";

const formOf = (entries: Record<string, string>): FormData => {
  const form = new FormData();
  for (const [name, value] of Object.entries(entries)) form.set(name, value);
  return form;
};

describe("names of people", () => {
  it("are read from what people paste, each once and in lower case", () => {
    expect(namesIn(" Ada, bob;\n  eve\t")).toEqual(["ada", "bob", "eve"]);
    expect(namesIn("  ")).toEqual([]);
    expect(withNames(["ada", "bob"], "bob, eve")).toEqual(["bob", "eve", "ada"]);
  });

  it("are the same in any order", () => {
    expect(sameNames(["a", "b"], ["b", "a"])).toBe(true);
    expect(sameNames(["a"], ["a", "b"])).toBe(false);
    expect(sameNames(["a", "b"], ["a", "c"])).toBe(false);
  });
});

describe("times in fields", () => {
  it("are the reader's, there and back", () => {
    const text = toLocalInput("2026-11-22T08:30:00.000Z");
    expect(text).toMatch(/^2026-11-2[123]T\d\d:\d\d$/);
    expect(fromLocalInput(text)).toBe("2026-11-22T08:30:00.000Z");
  });

  it("that nobody touched keep their seconds", () => {
    const before = "2026-11-22T08:30:12.345Z";
    expect(editedTime(before, toLocalInput(before))).toBe(before);
    expect(editedTime(before, "")).toBeNull();
    expect(editedTime(null, "")).toBeNull();
  });

  it.each(["", "no time", "2026-13-45T99:99"])("%j is none", (text) => {
    expect(fromLocalInput(text)).toBeNull();
  });
});

const experiment: Experiment = {
  id: "00000000-0000-4000-8000-000000000001",
  code: "18342",
  title: "Lungs at rest",
  beamline: { id: "00000000-0000-4000-8000-000000000002", code: "IMBL", name: "Imaging" },
  startsAt: "2026-11-01T08:00:30.000Z",
  endsAt: "2026-11-04T08:00:00.000Z",
  running: false,
  dataPath: null,
  dataAccess: "write",
  memberCount: 2,
  createdAt: "2026-10-01T00:00:00.000Z",
  members: [
    { username: "ada", displayName: "Ada", until: null },
    { username: "bob", displayName: "Bob", until: null },
  ],
};
const typed = {
  title: "Lungs at rest",
  startsAt: toLocalInput(experiment.startsAt),
  endsAt: toLocalInput(experiment.endsAt),
  dataPath: "",
  dataAccess: "write",
};

describe("what was changed about an experiment", () => {
  it.each([
    ["nothing", {}, ["bob", "ada"], {}],
    ["its title", { title: " Lungs " }, ["ada", "bob"], { title: "Lungs" }],
    ["a member less", {}, ["ada"], { members: ["ada"] }],
    ["an end taken away, for the server to refuse", { endsAt: "" }, ["ada", "bob"], { endsAt: "" }],
    [
      "where its data lies",
      { dataPath: "/nfs/1", dataAccess: "read" },
      ["ada", "bob"],
      { dataPath: "/nfs/1", dataAccess: "read" },
    ],
  ])("%s", (_name, more, members, expected) => {
    const entries = experimentIn(formOf({ ...typed, ...more }), members, experiment);
    expect(experimentChanges(experiment, entries, true)).toEqual(expected);
  });

  it("is never where its data lies, where the form did not ask", () => {
    const { dataPath: _, dataAccess: __, ...rest } = typed;
    const kept = { ...experiment, dataPath: "/nfs/1", dataAccess: "read" as const };
    const entries = experimentIn(formOf(rest), ["ada", "bob"], kept);
    expect(experimentChanges(kept, entries, false)).toEqual({});
  });

  it("has a phase by its dates", () => {
    const at = (time: string) => phaseOf(experiment, Date.parse(time));
    expect(at("2026-10-31T00:00:00Z")).toBe("upcoming");
    expect(at("2026-11-02T00:00:00Z")).toBe("running");
    expect(at(experiment.endsAt)).toBe("over");
  });
});

describe("an entitlement", () => {
  it.each([
    [null, null, "holds"],
    ["2026-11-03T00:00:00Z", null, "not_yet"],
    [null, "2026-11-02T00:00:00Z", "ended"],
    ["2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z", "holds"],
  ])("from %s until %s: %s", (from, until, expected) => {
    expect(holdingOf({ from, until }, Date.parse("2026-11-02T00:00:00Z"))).toBe(expected);
  });
});

describe("filters of the audit trail", () => {
  const none = { search: "", actor: "", action: "", outcome: "", from: "", until: "" };

  it("become what the call takes", () => {
    expect(auditQuery(none)).toEqual({});
    const view = { ...none, actor: " Ada ", action: "instance", outcome: "refused" };
    expect(auditQuery({ ...view, from: "2026-11-22T08:30" })).toEqual({
      actor: "ada",
      action: "instance*",
      outcome: "refused",
      from: fromLocalInput("2026-11-22T08:30"),
    });
    expect(auditQuery({ ...none, action: "sign_in*" })).toEqual({ action: "sign_in*" });
    expect(auditQuery({ ...none, action: "token.revoke" })).toEqual({ action: "token.revoke" });
  });

  it("leave out what the call would refuse, and say so", () => {
    const view = { ...none, actor: "1st", action: "a b", outcome: "both", until: "soon" };
    expect(auditQuery(view)).toEqual({});
    expect(auditFaults(view)).toEqual({ actor: true, action: true });
    expect(auditFaults(none)).toEqual({ actor: false, action: false });
  });

  it("a record's detail is lines of text", () => {
    expect(detailLines({ roles: ["user"], name: "x", gone: null })).toEqual([
      ["roles", '["user"]'],
      ["name", "x"],
    ]);
    expect(detailLines(null)).toEqual([]);
  });
});

describe("what was changed about a provider", () => {
  const provider: Provider = {
    id: "00000000-0000-4000-8000-000000000003",
    slug: "facility",
    name: "Facility",
    issuer: "https://id.example",
    clientId: "asci",
    hasSecret: true,
    logout: true,
    scope: "openid",
    usernameClaim: "preferred_username",
    vouches: false,
    enabled: true,
    people: 3,
    rules: [{ claim: "groups", pattern: "x", gives: "role", target: "staff" }],
    createdAt: "2026-10-01T00:00:00.000Z",
  };
  const form = (more: Record<string, string> = {}): FormData =>
    formOf({
      name: "Facility",
      issuer: "https://id.example",
      clientId: "asci",
      scope: "openid",
      usernameClaim: "preferred_username",
      enabled: "on",
      logout: "on",
      ...more,
    });

  it("is nothing where nothing differs, and an empty rule is none", () => {
    const [rule] = provider.rules;
    const { claim, ...rest } = rule ?? emptyRule;
    const otherOrder = { ...provider, rules: [{ ...rest, claim }] };
    expect(providerChanges(otherOrder, providerIn(form(), provider.rules), "")).toEqual({});
    const entries = providerIn(form(), [...provider.rules, emptyRule]);
    expect(providerChanges(provider, entries, "")).toEqual({});
  });

  it("is what differs, the rules as a whole, and a secret where one was typed", () => {
    const rule = { claim: " epns ", pattern: "*", gives: "experiment" as const, target: "*" };
    const typed = form({ vouches: "on" });
    typed.delete("logout");
    const entries = providerIn(typed, [rule]);
    expect(providerChanges(provider, entries, "s3cret")).toEqual({
      vouches: true,
      logout: false,
      clientSecret: "s3cret",
      rules: [{ ...rule, claim: "epns" }],
    });
  });
});
