import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { TestProvider } from "../test/oidc-provider.ts";
import { isCallback, openOidcSite, Surfer, type OidcSite } from "./oidc-testing.ts";
import type { TestGateway } from "./testing.ts";

let site: OidcSite;
let gateway: TestGateway;
let provider: TestProvider;
let providerId: string;

const owner = () => gateway.database.owner.sql;

beforeAll(async () => {
  site = await openOidcSite();
  ({ gateway, provider } = site);
});
afterAll(() => site?.close());
beforeEach(async () => {
  providerId = await site.reset();
});

const toCallback: OidcSite["toCallback"] = (...all) => site.toCallback(...all);
const signIn: OidcSite["signIn"] = (...all) => site.signIn(...all);

describe("signing in through a provider", () => {
  it("makes an account the first time, and finds it again whatever it is called there", async () => {
    provider.claims.set("s1", {
      preferred_username: "ada",
      name: "Ada L.",
      email: "ada@example.org",
    });
    expect(await signIn("s1", new Surfer(), "/desktops/x?y=1")).toMatchObject({
      status: 303,
      to: "/desktops/x?y=1",
      me: { username: "ada", displayName: "Ada L.", roles: ["user"] },
    });
    provider.claims.set("s1", { preferred_username: "ada.new", name: "Ada King" });
    expect((await signIn("s1")).me).toMatchObject({ username: "ada", displayName: "Ada King" });
    const trail =
      await owner()`select actor_name, outcome, detail from audit where action = 'sign_in' order by id`;
    expect(trail).toEqual([
      {
        actor_name: "ada",
        outcome: "allowed",
        detail: { provider: "uni", subject: "s1", made: true },
      },
      { actor_name: "ada", outcome: "allowed", detail: { provider: "uni", subject: "s1" } },
    ]);
  });

  it("never takes over an account that somebody can sign in to", async () => {
    await gateway.addUser("ada", ["admin"]);
    provider.claims.set("s1", { preferred_username: "ada" });
    expect(await signIn("s1")).toMatchObject({
      to: "/sign-in?problem=username_taken&provider=uni",
      me: null,
    });
    await owner()`update providers set vouches = true`;
    expect((await signIn("s1")).me).toBeNull();
  });

  it("gives the user office's account to who comes with its name, where the provider vouches", async () => {
    await owner()`insert into users (username, display_name, uid) values ('bob', 'Bob', 5001)`;
    provider.claims.set("s2", { preferred_username: "bob" });
    expect((await signIn("s2")).me).toBeNull();
    await owner()`update providers set vouches = true`;
    expect((await signIn("s2")).me).toMatchObject({ username: "bob" });
    // Another subject with the same name is somebody else.
    provider.claims.set("s3", { preferred_username: "bob" });
    expect((await signIn("s3")).to).toContain("username_taken");
  });

  it("keeps an e-mail address with who had it first", async () => {
    for (const [subject, name] of [
      ["s1", "ada"],
      ["s2", "eve"],
    ] as const)
      provider.claims.set(subject, { preferred_username: name, email: "shared@example.org" });
    expect((await signIn("s1")).me).toMatchObject({ username: "ada" });
    expect((await signIn("s2")).me).toMatchObject({ username: "eve" });
    const rows = await owner()`select username, email from users order by 1`;
    expect(rows).toEqual([
      { username: "ada", email: "shared@example.org" },
      { username: "eve", email: null },
    ]);
    const [told] =
      await owner()`select detail from audit where actor_name = 'eve' and action = 'sign_in'`;
    expect(told?.["detail"]).toMatchObject({ emailTaken: true });
  });

  it("applies the rules for claims each time, and leaves what was set here", async () => {
    await owner()`insert into beamlines (code, name) values ('IMBL', 'Imaging'), ('MX2', 'Crystals')`;
    await owner()`insert into groups (name) values ('imaging'), ('local')`;
    for (const [pattern, gives, target] of [
      ["staff-*", "beamline_staff", "*"],
      ["staff-*", "role", "staff"],
      ["img", "group", "imaging"],
    ] as const)
      await owner()`insert into claim_rules (provider_id, claim, pattern, gives, target)
        values (${providerId}, 'groups', ${pattern}, ${gives}, ${target})`;
    provider.claims.set("s1", { preferred_username: "sam", groups: ["staff-imbl", "img"] });
    expect((await signIn("s1")).me).toMatchObject({ roles: ["user", "staff"] });
    await owner()`insert into group_members (group_id, user_id) select g.id, u.id from groups g, users u
      where g.name = 'local'`;
    const has = async () =>
      [
        ...(await owner()`select b.code from beamline_staff s join beamlines b on b.id = s.beamline_id order by 1`),
        ...(await owner()`select g.name as code from group_members m join groups g on g.id = m.group_id order by 1`),
      ].map((it) => it["code"] as string);
    expect(await has()).toEqual(["IMBL", "imaging", "local"]);
    provider.claims.set("s1", { preferred_username: "sam", groups: ["staff-MX2"] });
    await signIn("s1");
    expect(await has()).toEqual(["MX2", "local"]);
    provider.claims.set("s1", { preferred_username: "sam" });
    expect((await signIn("s1")).me).toMatchObject({ roles: ["user"] });
    expect(await has()).toEqual(["local"]);
  });
});

describe("a sign-in through a provider comes to nothing", () => {
  it("when its state is used again, or in another browser, or was never given out", async () => {
    const surfer = new Surfer();
    const callback = await toCallback(surfer, "s1");
    const over = "/sign-in?problem=attempt_over&provider=uni";
    expect((await new Surfer().go(callback)).headers.get("location")).toBe(over);
    // A stranger's try has used it up, which is safe: it is begun again with one click.
    expect((await surfer.go(callback)).headers.get("location")).toBe(over);
    const again = await toCallback(surfer, "s1");
    expect((await surfer.go(again)).headers.get("location")).toBe("/");
    expect((await surfer.go(again)).headers.get("location")).toBe(over);
    const forged = `${gateway.origin}/auth/oidc/uni/callback?code=x&state=y`;
    expect((await surfer.go(forged)).headers.get("location")).toBe(over);
  });

  it("when the person declines", async () => {
    const surfer = new Surfer();
    const { url } = await surfer.follow(`${gateway.origin}/auth/oidc/uni/start`);
    const { url: back } = await surfer.follow(`${url}/abort`, isCallback);
    expect((await surfer.go(back)).headers.get("location")).toBe(
      "/sign-in?problem=provider_refused&provider=uni",
    );
  });

  it("when the code is not the provider's, or the nonce is another", async () => {
    const surfer = new Surfer();
    const callback = new URL(await toCallback(surfer, "s1"));
    callback.searchParams.set("code", "forged");
    expect((await surfer.go(callback.href)).headers.get("location")).toContain("provider_refused");
    const second = await toCallback(surfer, "s1");
    await owner()`update oidc_attempts set nonce = 'another'`;
    expect((await surfer.go(second)).headers.get("location")).toContain("provider_invalid");
  });

  it("when the provider is down, unknown or switched off", async () => {
    await owner()`update providers set issuer = 'http://127.0.0.1:9'`;
    const start = `${gateway.origin}/auth/oidc/uni/start`;
    expect((await new Surfer().go(start)).headers.get("location")).toContain(
      "provider_unreachable",
    );
    await owner()`update providers set enabled = false`;
    expect((await new Surfer().go(start)).status).toBe(404);
    expect((await new Surfer().go(`${gateway.origin}/auth/oidc/none/start`)).status).toBe(404);
  });

  it("when the account is disabled, and leads nowhere but to this site", async () => {
    await signIn("s1");
    await owner()`update users set disabled_at = now()`;
    expect(await signIn("s1")).toMatchObject({ to: expect.stringContaining("disabled"), me: null });
    await owner()`update users set disabled_at = null`;
    for (const next of ["https://evil.example/", "//evil.example", "/\\evil.example", "evil"])
      expect((await signIn("s1", new Surfer(), next)).to).toBe("/");
  });
});

describe("providers", () => {
  const wish = {
    slug: "lab",
    name: "The Lab",
    issuer: "https://id.example.org",
    clientId: "asci",
    clientSecret: "very secret words",
    rules: [{ claim: "groups", pattern: "it-*", gives: "role", target: "admin" }],
  };

  it("are made, changed and removed by administrators, and their secrets never told", async () => {
    await gateway.addUser("root", ["admin"]);
    const root = await gateway.signIn("root");
    const made = await root.call("POST", "/api/admin/providers", wish);
    expect(made).toMatchObject({
      status: 201,
      body: { hasSecret: true, rules: wish.rules, people: 0 },
    });
    const path = `/api/admin/providers/${String(made.body["id"])}`;
    expect((await gateway.browser().call("GET", "/api/auth/providers")).body.items).toEqual([
      { slug: "lab", name: "The Lab" },
      { slug: "uni", name: "The uni" },
    ]);
    expect(await root.call("POST", "/api/admin/providers", wish)).toMatchObject({
      status: 409,
      body: { code: "slug_taken" },
    });
    // As people look for them, capitals or not.
    await owner()`update providers set name = 'eduID' where slug = 'lab'`;
    const [first] = (await gateway.browser().call("GET", "/api/auth/providers")).body.items;
    expect(first).toEqual({ slug: "lab", name: "eduID" });
    const patch = { enabled: false, clientSecret: null, rules: [], vouches: true };
    expect((await root.call("PATCH", path, patch)).body).toMatchObject({
      enabled: false,
      hasSecret: false,
      rules: [],
      vouches: true,
    });
    const listed = await root.call("GET", "/api/admin/providers?search=lab");
    expect(listed.body.items).toHaveLength(1);
    expect((await root.call("DELETE", path)).status).toBe(204);
    expect((await root.call("GET", path)).status).toBe(404);
    const [trail] = await owner()<
      { all: string }[]
    >`select jsonb_agg(audit)::text as all from audit`;
    expect(trail?.all).toContain("provider.create");
    expect(trail?.all).not.toContain(wish.clientSecret);
  });

  it.each([
    [{ issuer: "http://id.example.org" }, "issuer"],
    [{ issuer: "javascript:alert(1)" }, "issuer"],
    [{ slug: "A B" }, "slug"],
    [{ scope: "profile" }, "scope"],
    [{ rules: [{ claim: "g", pattern: "*a*", gives: "group", target: "x" }] }, "rules.0.pattern"],
    [{ rules: [{ claim: "g", pattern: "a", gives: "role", target: "king" }] }, "rules.0.target"],
  ])("are not made with %j", async (more, path) => {
    await gateway.addUser("root", ["admin"]);
    const root = await gateway.signIn("root");
    expect(await root.call("POST", "/api/admin/providers", { ...wish, ...more })).toMatchObject({
      status: 400,
      body: { errors: [{ path }] },
    });
  });
});
