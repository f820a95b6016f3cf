/** Whom a gateway believes, and how much a stranger can make it do. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { sweep } from "../db/placement.ts";
import type { TestProvider } from "../test/oidc-provider.ts";
import { openOidcSite, Surfer, type OidcSite } from "./oidc-testing.ts";
import { startTestGateway, type TestGateway } from "./testing.ts";

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

const invalid = "/sign-in?problem=provider_invalid&provider=uni";
const askedFor = (path: string) => provider.asked.filter((it) => it === path).length;
const discovery = "/.well-known/openid-configuration";
const refusals = async () =>
  (
    await owner()<{ detail: object }[]>`
      select detail from audit where action = 'sign_in' and outcome = 'refused' order by id`
  ).map(({ detail }) => detail);

describe("keys of a provider", () => {
  it("may change between two sign-ins", async () => {
    expect((await site.signIn("s1")).me).toMatchObject({ username: "s1" });
    await provider.rotate();
    expect((await site.signIn("s1")).me).toMatchObject({ username: "s1" });
    await provider.rotate();
    expect((await site.signIn("s2")).me).toMatchObject({ username: "s2" });
    expect(askedFor(discovery)).toBe(1);
  });

  it("are the only ones that are believed, also after a change", async () => {
    for (const change of [async () => {}, () => provider.rotate()]) {
      await change();
      provider.reissue = { foreign: true };
      expect(await site.signIn("s1")).toMatchObject({ to: invalid, me: null });
      provider.reissue = undefined;
      expect((await site.signIn("s1")).me).toMatchObject({ username: "s1" });
    }
    const told = { provider: "uni", reason: "provider_invalid", why: "signature_wrong" };
    expect(await refusals()).toEqual([told, told]);
  });
});

describe("clocks", () => {
  const now = () => Math.floor(Date.now() / 1000);
  const issued = (seconds: number) => () => ({ iat: now() + seconds, exp: now() + 3600 });
  const expired = (seconds: number) => () => ({ iat: now() - 3600, exp: now() - seconds });
  const early = { why: "token_early" };
  const late = { why: "token_expired" };

  it.each([
    ["issued in 20 s", issued(20), null],
    ["expired 20 s ago", expired(20), null],
    ["issued in 120 s", issued(120), early],
    ["expired 120 s ago", expired(120), late],
    ["not before 120 s from now", () => ({ nbf: now() + 120 }), early],
  ])("an ID token that was %s", async (_, times, why) => {
    provider.reissue = { claims: (claims) => ({ ...claims, ...times() }) };
    const { to, me } = await site.signIn("s1");
    expect(to).toBe(why ? invalid : "/");
    expect(me === null).toBe(why !== null);
    const told = { provider: "uni", reason: "provider_invalid", ...why };
    expect(await refusals()).toEqual(why ? [told] : []);
  });

  it("are not all that is looked at: the reason is in the trail", async () => {
    for (const [claims, why] of [
      [{ nonce: "another" }, "nonce_wrong"],
      [{ aud: "another" }, "claim_aud"],
      [{ iss: "https://another.example" }, "claim_iss"],
    ] as const) {
      provider.reissue = { claims: (all) => ({ ...all, ...claims }) };
      expect((await site.signIn("s1")).to).toBe(invalid);
      expect((await refusals()).at(-1)).toMatchObject({ why });
    }
  });
});

describe("strangers", () => {
  const start = (origin = gateway.origin) =>
    new Surfer().go(`${origin}/auth/oidc/uni/start?next=/account`);
  const attempts = async () =>
    (await owner()<{ count: number }[]>`select count(*)::int from oidc_attempts`)[0]?.count;
  /** So many were begun from here and not finished. */
  const begun = (failures: number) =>
    owner()`update sign_in_failures set failures = ${failures} where bucket like 'oidc:%'`;

  it("begin so many sign-ins and no more, over all gateways, and are told how long to wait", async () => {
    const other = await startTestGateway(inject("postgresUrl"), { beside: gateway, entry: "node" });
    await start();
    // On workerd the platform tells another address than on Node.
    await owner()`
      insert into sign_in_failures (bucket, failures) values ('oidc:127.0.0.1', 0) on conflict do nothing`;
    await begun(198);
    expect((await start()).headers.get("location")).toContain(provider.issuer);
    await begun(199);
    expect((await start(other.origin)).headers.get("location")).toContain(provider.issuer);
    await owner()`update sign_in_failures set blocked_until = now() + interval '300 s'`;
    const before = await attempts();
    for (const origin of [gateway.origin, other.origin]) {
      const to = new URL((await start(origin)).headers.get("location") ?? "", origin);
      expect(to.pathname).toBe("/sign-in");
      expect(Object.fromEntries(to.searchParams)).toMatchObject({
        problem: "too_many_begun",
        provider: "uni",
        next: "/account",
      });
      expect(Number(to.searchParams.get("wait"))).toBeGreaterThan(200);
    }
    expect(await attempts()).toBe(before);
    await other.stop();
  });

  it("are kept waiting by the last one that is allowed, and one that ends well does not count", async () => {
    await start();
    await begun(150);
    await site.signIn("s1");
    const [row] = await owner()`select failures from sign_in_failures where bucket like 'oidc:%'`;
    expect(row?.["failures"]).toBe(150);
    await begun(199);
    await start();
    const [blocked] = await owner()`
      select blocked_until > now() as waits from sign_in_failures where bucket like 'oidc:%'`;
    expect(blocked?.["waits"]).toBe(true);
  });

  it("leave nothing behind", async () => {
    await start();
    await site.signIn("s1");
    await start();
    await owner()`update oidc_attempts set expires_at = now() - interval '1 s'`;
    await owner()`insert into logout_tokens values (${providerId}, '\\x01', now() - interval '1 s')`;
    await owner()`insert into logout_tokens values (${providerId}, '\\x02', now() + interval '1 h')`;
    await owner()`update sign_ins set expires_at = now() - interval '1 s'`;
    await sweep(gateway.database.as("placer").db);
    expect(await attempts()).toBe(0);
    const kept = await owner()`select jti_hash from logout_tokens`;
    expect(kept).toHaveLength(1);
    const [signIn] = await owner()`select sealed_id_token, provider_id from sign_ins`;
    expect(signIn).toEqual({ sealed_id_token: null, provider_id: providerId });
  });

  /** Eight begin while the provider has not answered any of them yet. */
  async function together(): Promise<(string | null)[]> {
    let release = (): void => {};
    provider.until = new Promise<void>((resolve) => (release = resolve));
    const answers = Promise.all(Array.from({ length: 8 }, () => start()));
    const counted = async () =>
      (await owner()`select failures from sign_in_failures where bucket like 'oidc:%'`)[0]?.[
        "failures"
      ];
    await expect.poll(counted, { timeout: 6_000 }).toBe(8);
    release();
    provider.until = undefined;
    return (await answers).map((it) => it.headers.get("location"));
  }

  it("make the gateway ask a provider once, however many come at once", async () => {
    for (const to of await together()) expect(to).toContain(provider.issuer);
    await start();
    expect(askedFor(discovery)).toBe(1);
  });

  it("do not make it ask again and again where nobody answers", async () => {
    provider.down = true;
    for (const to of await together()) expect(to).toContain("provider_unreachable");
    // One, but for a machine so slow that what was kept of the failure is over meanwhile.
    expect(askedFor(discovery)).toBeLessThan(4);
  });
});
