import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createApp } from "./app.ts";
import type { Deps } from "./deps.ts";
import { policy, policyOf, scopeIsFor } from "./policy.ts";
import { policyPage } from "./policy-page.ts";

/** Nothing is called: only what routes there are is looked at. */
const routes = () =>
  createApp({} as Deps).routes.filter(
    ({ method, path }) => method !== "ALL" && !path.endsWith("*"),
  );

describe("the policy", () => {
  it("has a line for every route, and no line for what does not exist", () => {
    const served = [...new Set(routes().map(({ method, path }) => `${method} ${path}`))];
    const said = policy.filter((it) => it.who !== "ticket").map((it) => `${it.method} ${it.path}`);
    expect(served.toSorted()).toEqual(said.toSorted());
    expect(new Set(said).size).toBe(said.length);
  });

  it("knows nothing that it does not say", () => {
    expect(policyOf("POST", "/api/environments")).toBeUndefined();
    expect(policyOf("HEAD", "/api/environments")).toBe(policyOf("GET", "/api/environments"));
  });

  it("gives a scope to whom it is of use", () => {
    expect(scopeIsFor("admin", ["user", "monitor"])).toBe(false);
    expect(scopeIsFor("admin", ["staff"])).toBe(true);
    expect(scopeIsFor("monitor", ["monitor"])).toBe(true);
    expect(scopeIsFor("desktops", ["monitor"])).toBe(false);
    expect(scopeIsFor("read", ["user"])).toBe(true);
  });

  it("is in the docs as it is in the code", async () => {
    const page = join(import.meta.dirname, "..", "docs", "policy.md");
    await expect(policyPage()).toMatchFileSnapshot(page);
  });
});
