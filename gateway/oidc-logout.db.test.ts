/** Signing out here leads to the provider, and who signs out there is signed out here. */
import { decodeJwt, type JWTPayload } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { silentServer, unreachableServer } from "../test/dead-servers.ts";
import { startProvider, type TestProvider } from "../test/oidc-provider.ts";
import { openOidcSite, Surfer, type OidcSite } from "./oidc-testing.ts";
import type { TestGateway } from "./testing.ts";

let site: OidcSite;
let gateway: TestGateway;
let provider: TestProvider;

const owner = () => gateway.database.owner.sql;
const backchannel = (origin = gateway.origin, slug = "uni") =>
  `${origin}/auth/oidc/${slug}/backchannel-logout`;

beforeAll(async () => {
  site = await openOidcSite((origin) => ({
    logoutUris: [`${origin}/sign-in`],
    backchannel: backchannel(origin),
  }));
  ({ gateway, provider } = site);
});
afterAll(() => site?.close());
beforeEach(async () => {
  await site.reset();
});

const leave = (surfer: Surfer, path = "") =>
  surfer.go(`${gateway.origin}/api/auth/logout${path}`, {});
const continued = async (answer: Response) =>
  new URL(((await answer.json()) as { continueAt: string }).continueAt);
const isIn = async (surfer: Surfer) => (await surfer.go(`${gateway.origin}/api/me`)).status === 200;
const trail = async (action: string) =>
  (await owner()<{ detail: object }[]>`select detail from audit where action = ${action}`).map(
    ({ detail }) => detail,
  );

/** The provider's own page, up to where it leads back. */
async function leaveThere(surfer: Surfer, address: string): Promise<string> {
  const page = await surfer.go(address);
  const html = await page.text();
  const [, action = ""] = /action="([^"]+)"/.exec(html) ?? [];
  const [, xsrf = ""] = /name="xsrf" value="([^"]+)"/.exec(html) ?? [];
  const answer = await surfer.go(action, { xsrf, logout: "yes" });
  return answer.headers.get("location") ?? "";
}

describe("signing out here", () => {
  it.each(["", "/everywhere"])(
    "leads to the provider's sign-out and back: logout%s",
    async (path) => {
      const surfer = new Surfer();
      await site.signIn("s1", surfer);
      const answer = await leave(surfer, path);
      expect(answer.status).toBe(200);
      expect(await isIn(surfer)).toBe(false);
      const to = await continued(answer);
      expect(to.origin + to.pathname).toBe(`${provider.issuer}/session/end`);
      const { id_token_hint: hint = "", ...rest } = Object.fromEntries(to.searchParams);
      expect(decodeJwt(hint)).toMatchObject({ sub: "s1", aud: "asci" });
      expect(rest).toEqual({
        client_id: "asci",
        post_logout_redirect_uri: `${gateway.origin}/sign-in`,
        state: "signed_out",
      });
      const back = await leaveThere(surfer, to.href);
      expect(back).toBe(`${gateway.origin}/sign-in?state=signed_out`);
      // The provider has forgotten them: it asks who they are.
      const { url } = await surfer.follow(`${gateway.origin}/auth/oidc/uni/start`);
      expect(await (await surfer.go(url)).text()).toContain('name="login"');
    },
  );

  it("keeps the ID token sealed, and no longer than the sign-in", async () => {
    const surfer = new Surfer();
    await site.signIn("s1", surfer);
    const kept = async () =>
      (
        await owner()<{ token: Uint8Array | null; sid: string | null }[]>`
          select sealed_id_token as token, provider_sid as sid from sign_ins`
      )[0];
    const { token, sid } = (await kept()) ?? {};
    expect(sid).toMatch(/./);
    expect(Buffer.from(token ?? []).toString("latin1")).not.toContain("eyJ");
    expect(token?.length).toBeGreaterThan(300);
    await leave(surfer);
    expect((await kept())?.token).toBeNull();
  });

  it("says nothing of a token that is too long for an address", async () => {
    const surfer = new Surfer();
    provider.reissue = { claims: (claims) => ({ ...claims, more: "x".repeat(3000) }) };
    await site.signIn("s1", surfer);
    const to = await continued(await leave(surfer));
    expect(to.searchParams.has("id_token_hint")).toBe(false);
    expect(to.searchParams.get("client_id")).toBe("asci");
  });

  it("goes no further for a local account, nor where the provider is not to be signed out of", async () => {
    await gateway.addUser("ada");
    const local = await gateway.signIn("ada");
    expect((await local.call("POST", "/api/auth/logout")).status).toBe(204);
    for (const change of ["logout = false", "enabled = false"]) {
      const surfer = new Surfer();
      await site.signIn("s1", surfer);
      await owner().unsafe(`update providers set ${change}`);
      expect((await leave(surfer)).status).toBe(204);
      expect(await isIn(surfer)).toBe(false);
      await owner()`update providers set logout = true, enabled = true`;
    }
  });

  it("goes no further where the provider has no sign-out, or does not answer", async () => {
    const bare = await startProvider([site.callbackOf("bare")], { endSession: false });
    await site.add("bare", bare);
    const surfer = new Surfer();
    await site.signIn("s1", surfer, "/", "bare");
    expect((await leave(surfer)).status).toBe(204);
    await bare.close();

    await site.signIn("s1", surfer);
    await owner()`update providers set issuer = 'http://127.0.0.1:9'`;
    expect((await leave(surfer)).status).toBe(204);
    expect(await isIn(surfer)).toBe(false);
  });

  it.each([
    ["takes the connection and never answers", silentServer],
    ["drops what is sent to it", unreachableServer],
  ])("is done before a provider is asked that %s, and does not wait for it", async (_, open) => {
    const surfer = new Surfer();
    await site.signIn("s1", surfer);
    const held = async () => owner()`select 1 from sign_ins where revoked_at is null`;
    const heldWhenAsked: number[] = [];
    const server = await open(async () => void heldWhenAsked.push((await held()).length));
    try {
      await owner()`update providers set issuer = ${server.issuer}`;
      const seen = gateway.lines.length;
      expect((await leave(surfer)).status).toBe(204);
      // By its own limit, and not by that of asking a provider, which is longer.
      const told = () =>
        gateway.lines.slice(seen).filter((it) => it.message.startsWith("signing out here"));
      await expect
        .poll(told, { timeout: 20_000 })
        .toMatchObject([{ fields: { fault: "provider_unreachable", why: "too_slow" } }]);
      expect(await isIn(surfer)).toBe(false);
      expect(await trail("sign_out")).toHaveLength(1);
      await expect.poll(() => heldWhenAsked, { timeout: 20_000 }).toEqual(server.hears ? [0] : []);
    } finally {
      await server.close();
    }
  });

  it("is a setting of each provider, on unless it is said otherwise", async () => {
    await gateway.addUser("root", ["admin"]);
    const root = await gateway.signIn("root");
    const wish = { slug: "x", name: "X", issuer: "https://id.example.org", clientId: "asci" };
    const made = await root.call("POST", "/api/admin/providers", wish);
    expect(made.body).toMatchObject({ logout: true });
    const path = `/api/admin/providers/${String(made.body["id"])}`;
    expect((await root.call("PATCH", path, { logout: false })).body).toMatchObject({
      logout: false,
    });
    const off = { ...wish, slug: "y", logout: false };
    expect((await root.call("POST", "/api/admin/providers", off)).body).toMatchObject({
      logout: false,
    });
  });
});

const event = { "http://schemas.openid.net/event/backchannel-logout": {} };
const now = () => Math.floor(Date.now() / 1000);
const claimsOf = (more: JWTPayload = {}): JWTPayload => ({
  iss: provider.issuer,
  aud: "asci",
  iat: now(),
  exp: now() + 120,
  jti: crypto.randomUUID(),
  events: event,
  sub: "s1",
  ...more,
});
const send = (token: string, slug = "uni") =>
  fetch(backchannel(gateway.origin, slug), {
    method: "POST",
    body: new URLSearchParams({ logout_token: token }),
  });
const logOut = async (more?: JWTPayload, options?: { typ?: string; foreign?: boolean }) =>
  send(await provider.sign(claimsOf(more), { typ: "logout+jwt", ...options }));

describe("a provider that says that somebody signed out there", () => {
  it("ends all their sign-ins through it, and nobody else's", async () => {
    const [laptop, phone, other] = [new Surfer(), new Surfer(), new Surfer()];
    await site.signIn("s1", laptop);
    await site.signIn("s1", phone);
    await site.signIn("s2", other);
    await owner()`insert into sign_ins (user_id, token_hash, expires_at)
      select id, '\\x01', now() + interval '1 h' from users where username = 's1'`;
    // Who has the same subject somewhere else is another.
    const lab = await site.add("lab", provider);
    await owner()`
      insert into sign_ins (user_id, token_hash, expires_at, provider_id, provider_subject)
      select id, '\\x02', now() + interval '1 h', ${lab}::uuid, 's1' from users where username = 's2'`;
    const answer = await logOut();
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await Promise.all([laptop, phone, other].map(isIn))).toEqual([false, false, true]);
    const held = await owner()`select 1 from sign_ins where revoked_at is null`;
    expect(held).toHaveLength(3);
    expect(await trail("sign_out.provider")).toEqual([{ provider: "uni", signIns: 2 }]);
    // Whoever is not here is signed out already.
    expect((await logOut({ sub: "s9" })).status).toBe(200);
  });

  it("ends those of one session, where it names one", async () => {
    const [laptop, phone] = [new Surfer(), new Surfer()];
    await site.signIn("s1", laptop);
    await site.signIn("s1", phone);
    const [first] = await owner()<{ sid: string }[]>`
      select provider_sid as sid from sign_ins order by created_at limit 1`;
    const sid = first?.sid ?? "";
    expect((await logOut({ sid, sub: "s2" })).status).toBe(200);
    expect((await logOut({ sid: "another" })).status).toBe(200);
    expect(await Promise.all([laptop, phone].map(isIn))).toEqual([true, true]);
    const { sub: _, ...bySession } = claimsOf({ sid });
    expect((await send(await provider.sign(bySession))).status).toBe(200);
    expect(await Promise.all([laptop, phone].map(isIn))).toEqual([false, true]);
    // Of whom no session is known, all is ended.
    await owner()`update sign_ins set provider_sid = null`;
    expect((await logOut({ sid })).status).toBe(200);
    expect(await isIn(phone)).toBe(false);
  });

  it("is asked by nobody: the real one tells it when somebody signs out there", async () => {
    const surfer = new Surfer();
    await site.signIn("s1", surfer);
    await leaveThere(surfer, `${provider.issuer}/session/end`);
    expect(await isIn(surfer)).toBe(false);
    expect(await trail("sign_out.provider")).toEqual([{ provider: "uni", signIns: 1 }]);
  });

  it("is believed with a new key, and where it is switched off here", async () => {
    const surfer = new Surfer();
    await site.signIn("s1", surfer);
    await provider.rotate();
    await site.signIn("s2");
    await owner()`update providers set enabled = false`;
    expect((await logOut()).status).toBe(200);
    expect(await isIn(surfer)).toBe(false);
  });
});

describe("a logout token is refused", () => {
  it.each<[string, JWTPayload | (() => JWTPayload), { typ?: string; foreign?: boolean }, string]>([
    ["of another provider", { iss: "https://id.example.org" }, {}, "claim_iss"],
    ["for somebody else", { aud: "another" }, {}, "claim_aud"],
    ["that is old", () => ({ iat: now() - 3600 }), {}, "token_early"],
    ["that is over", () => ({ exp: now() - 120 }), {}, "token_expired"],
    ["of the future", () => ({ iat: now() + 3600 }), {}, "token_early"],
    ["without a time", { iat: undefined as never }, {}, "token_early"],
    ["without a number", { jti: undefined as never }, {}, "claim_jti"],
    ["about another event", { events: { other: {} } }, {}, "claim_events"],
    ["about no event", { events: undefined }, {}, "claim_events"],
    ["that could be an ID token", { nonce: "x" }, {}, "claim_nonce"],
    ["about nobody", { sub: undefined as never }, {}, "claim_sub"],
    ["that says it is another kind", {}, { typ: "at+jwt" }, "typ"],
    ["that the provider has not signed", {}, { foreign: true }, "signature_wrong"],
  ])("%s", async (_, more, options, why) => {
    const surfer = new Surfer();
    await site.signIn("s1", surfer);
    const answer = await logOut(typeof more === "function" ? more() : more, options);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      code: "logout_token_invalid",
      detail: expect.stringContaining(why),
    });
    const told = () => gateway.lines.filter((it) => it.message === "a logout token was refused");
    await expect
      .poll(told, { timeout: 20_000 })
      .toMatchObject([{ fields: { provider: "uni", why } }]);
    expect(await isIn(surfer)).toBe(true);
    expect(await trail("sign_out.provider")).toEqual([]);
  });

  it("that is not signed at all, or with the secret that both know", async () => {
    const surfer = new Surfer();
    await site.signIn("s1", surfer);
    const part = (it: object) => Buffer.from(JSON.stringify(it)).toString("base64url");
    const unsigned = `${part({ alg: "none", typ: "logout+jwt" })}.${part(claimsOf())}.`;
    const key = new TextEncoder().encode(provider.clientSecret);
    const { SignJWT } = await import("jose");
    const shared = await new SignJWT(claimsOf()).setProtectedHeader({ alg: "HS256" }).sign(key);
    for (const token of [unsigned, shared, "nothing", ""])
      expect((await send(token)).status).toBe(400);
    expect(await isIn(surfer)).toBe(true);
  });

  it("that was followed before", async () => {
    const surfer = new Surfer();
    await site.signIn("s1", surfer);
    const token = await provider.sign(claimsOf());
    expect((await send(token)).status).toBe(200);
    await site.signIn("s1", surfer);
    const again = await send(token);
    expect(again.status).toBe(400);
    expect(await again.json()).toMatchObject({ code: "logout_token_used" });
    expect(await isIn(surfer)).toBe(true);
  });

  it("in another form, too long, or from a provider that is not known", async () => {
    const token = await provider.sign(claimsOf());
    const json = { "content-type": "application/json" };
    const bodies: RequestInit[] = [
      { body: JSON.stringify({ logout_token: token }), headers: json },
      { body: new URLSearchParams({ token }) },
      { body: new URLSearchParams({ logout_token: "x".repeat(70_000) }) },
      {},
    ];
    for (const it of bodies)
      expect((await fetch(backchannel(), { method: "POST", ...it })).status).toBe(400);
    expect((await send(token, "nobody")).status).toBe(404);
  });

  it("without asking the provider for its keys each time", async () => {
    await site.signIn("s1");
    for (let count = 0; count < 10; count += 1) await logOut({}, { foreign: true });
    // Once at the sign-in, and no more often than every 10 s for strangers.
    expect(provider.asked.filter((it) => it === "/jwks").length).toBeLessThan(4);
  });
});
