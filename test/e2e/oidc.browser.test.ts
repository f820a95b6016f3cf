/** Signing in through providers, as people see it: real pages, a real browser, real providers. */
import { sql } from "drizzle-orm";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { seal } from "../../gateway/sealing.ts";
import { launchShell, visit, type Visitor } from "../browser.ts";
import { startGatewaySite, type GatewaySite } from "../gateway-site.ts";
import { startProvider, type TestProvider } from "../oidc-provider.ts";
import { faultsOf } from "../scenes/checks.ts";

let site: GatewaySite;
let browser: Browser;
const providers = new Map<string, TestProvider>();
const open: Visitor[] = [];

const provider = (slug = "uni"): TestProvider => {
  const found = providers.get(slug);
  if (!found) throw new Error(`no provider ${slug}`);
  return found;
};

async function addProvider(slug: string, name: string): Promise<void> {
  const made = await startProvider([`${site.url}/auth/oidc/${slug}/callback`], {
    logoutUris: [`${site.url}/sign-in`],
    backchannel: `${site.url}/auth/oidc/${slug}/backchannel-logout`,
  });
  providers.set(slug, made);
  const id = crypto.randomUUID();
  const secret = await seal(site.sealingKey, `provider ${id}`, made.clientSecret);
  await site.db.execute(sql`
    insert into providers (id, slug, name, issuer, client_id, sealed_secret)
    values (${id}, ${slug}, ${name}, ${made.issuer}, ${made.clientId}, ${secret})`);
}

beforeAll(async () => {
  site = await startGatewaySite();
  await addProvider("uni", "The University");
  await addProvider("lab", "The Lab");
  browser = await launchShell();
});
afterAll(async () => {
  await browser?.close();
  for (const it of providers.values()) await it.close();
  await site?.remove();
});
beforeEach(() => {
  for (const it of providers.values())
    Object.assign(it, { down: false, halt: false, reissue: undefined });
});
afterEach(async () => {
  for (const { context } of open.splice(0)) await context.close();
});

/** A browser of one's own, which loads nothing from elsewhere. */
async function newVisitor(): Promise<Visitor> {
  const visitor = await visit(browser, site.url);
  open.push(visitor);
  const elsewhere = (url: URL) => url.hostname !== "127.0.0.1";
  await visitor.context.route(elsewhere, (route) => route.abort());
  return visitor;
}

const link = (page: Page, name: string) =>
  page.getByRole("link", { name: `Sign in with ${name}`, exact: true });
const meOf = (page: Page) =>
  page.evaluate(async () => {
    const answer = await fetch("/api/me");
    return answer.ok ? ((await answer.json()) as { username: string }).username : null;
  });
const onSite = (page: Page, path: string) => page.waitForURL((url) => url.href === site.url + path);

/** On the provider's own page. */
async function logIn(page: Page, account: string): Promise<void> {
  await page.getByPlaceholder("Enter any login").fill(account);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
}
const agree = (page: Page) => page.getByRole("button", { name: "Continue" }).click();

async function signInWith(page: Page, name: string, account: string): Promise<void> {
  await link(page, name).click();
  await logIn(page, account);
  await agree(page);
}

async function signOut(page: Page): Promise<void> {
  await page
    .getByRole("button", { name: /^Account of/ })
    .filter({ visible: true })
    .click();
  await page.getByRole("menuitem", { name: "Sign out", exact: true }).click();
}

/** What the sign-in page says, which leads on; nobody is signed in there. */
async function expectProblem(page: Page, text: RegExp): Promise<void> {
  const notice = page.getByRole("alert");
  await notice.filter({ hasText: text }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/sign-in");
  await page.getByText(/^Signing in with The (University|Institute) came to nothing\.$/).waitFor();
  expect(await meOf(page)).toBeNull();
  await link(page, "The University").waitFor();
}

/** Up to the callback, which the browser does not come to. @returns its address */
async function stopAtCallback(page: Page, account: string): Promise<string> {
  provider().halt = true;
  await signInWith(page, "The University", account);
  const callback = page.getByText(`${site.url}/auth/oidc/uni/callback?`);
  const address = (await callback.textContent()) ?? "";
  provider().halt = false;
  return address;
}

describe("signing in", () => {
  it("leads back to the page that was asked for, whichever provider it is", async () => {
    for (const [name, account] of [
      ["The University", "ada"],
      ["The Lab", "bob"],
    ] as const) {
      const { page } = await newVisitor();
      await page.goto("/account?from=link");
      await link(page, "The University").waitFor();
      expect(await faultsOf(page)).toEqual([]);
      await signInWith(page, name, account);
      await onSite(page, "/account?from=link");
      await page.getByRole("heading", { name: "Where you are signed in" }).waitFor();
      expect(await meOf(page)).toBe(account);
    }
  });

  it("works with a local account beside them", async () => {
    const { page, complaints } = await newVisitor();
    await page.goto("/account");
    await link(page, "The Lab").waitFor();
    await page.getByLabel("Username", { exact: true }).fill("admin");
    await page.getByLabel("Password", { exact: true }).fill(site.password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await onSite(page, "/account");
    expect(await meOf(page)).toBe("admin");
    await signOut(page);
    await page.getByText("You are signed out.", { exact: true }).waitFor();
    expect(await meOf(page)).toBeNull();
    expect(complaints).toEqual([]);
  });
});

describe("what comes to nothing is said on the sign-in page", () => {
  it("where the person does not agree, who then goes on to where they wanted", async () => {
    const { page } = await newVisitor();
    await page.goto("/account");
    await link(page, "The University").click();
    await logIn(page, "eve");
    await page.getByRole("link", { name: "Cancel" }).click();
    await expectProblem(page, /you did not agree to it. Begin again/);
    // It is at hand to be tried again.
    const again = link(page, "The University");
    await expect.poll(() => again.evaluate((it) => it === document.activeElement)).toBe(true);
    expect(await faultsOf(page)).toEqual([]);
    await link(page, "The University").click();
    await agree(page);
    await onSite(page, "/account");
    expect(await meOf(page)).toBe("eve");
  });

  it("where the provider is down, at the beginning and at the end", async () => {
    const { page } = await newVisitor();
    const callback = await stopAtCallback(page, "ida");
    provider().down = true;
    await page.goto(callback);
    await expectProblem(page, /does not answer. Try again in a moment, or sign in another way/);
    await site.db.execute(sql`
      insert into providers (slug, name, issuer, client_id)
      values ('gone', 'The Institute', 'http://127.0.0.1:9', 'asci')`);
    await page.reload();
    await link(page, "The Institute").click();
    await expectProblem(page, /does not answer/);
    await site.db.execute(sql`delete from providers where slug = 'gone'`);
  });

  it("where the answer has another nonce", async () => {
    const { page } = await newVisitor();
    provider().reissue = { claims: (it) => ({ ...it, nonce: "another" }) };
    await signInWith(page, "The University", "max");
    await expectProblem(page, /cannot be trusted. Tell your support/);
  });

  it("where the callback comes to another browser, or once more to the same one", async () => {
    const [mine, theirs] = [await newVisitor(), await newVisitor()];
    const callback = await stopAtCallback(mine.page, "zoe");
    await theirs.page.goto(callback);
    await expectProblem(theirs.page, /was begun in another browser. Begin it again/);
    await mine.page.goto(callback);
    await expectProblem(mine.page, /Begin it again/);

    // Known at the provider by now, which sends straight back.
    const back = mine.page.waitForRequest(/callback\?/);
    await link(mine.page, "The University").click();
    const used = (await back).url();
    await onSite(mine.page, "/");
    expect(await meOf(mine.page)).toBe("zoe");
    await mine.context.clearCookies({ name: "asci_session" });
    await mine.page.goto(used);
    await expectProblem(mine.page, /was used already/);
    await theirs.page.goto(used);
    await expectProblem(theirs.page, /Begin it again/);
  });
});

describe("signing out", () => {
  const leaveThere = (page: Page) => page.getByRole("button", { name: "Yes, sign me out" }).click();

  it("leads to the provider's sign-out, and back to the sign-in page", async () => {
    const { page, complaints } = await newVisitor();
    await signInWith(page, "The University", "kim");
    await onSite(page, "/");
    await signOut(page);
    await page.getByRole("heading", { name: "Sign out at the provider?" }).waitFor();
    // It is over here, whatever they choose there.
    const me = await page.context().request.get(`${site.url}/api/me`);
    expect(me.status()).toBe(401);
    await leaveThere(page);
    await onSite(page, "/sign-in?state=signed_out");
    await page.getByText("You are signed out.", { exact: true }).waitFor();
    expect(await faultsOf(page)).toEqual([]);
    await link(page, "The University").click();
    await logIn(page, "kim");
    await agree(page);
    await onSite(page, "/");
    // Who is signed in is not told otherwise by a link.
    await page.goto("/sign-in?state=signed_out");
    await link(page, "The University").waitFor();
    expect(await meOf(page)).toBe("kim");
    expect(await page.getByText("You are signed out.", { exact: true }).count()).toBe(0);
    expect(complaints.filter((it) => !it.includes("Failed to load resource"))).toEqual([]);
  });

  it("stays here where the provider is not to be signed out of", async () => {
    const { page } = await newVisitor();
    await site.db.execute(sql`update providers set logout = false where slug = 'lab'`);
    await signInWith(page, "The Lab", "lou");
    await onSite(page, "/");
    await signOut(page);
    await page.getByText("You are signed out.", { exact: true }).waitFor();
    await link(page, "The Lab").click();
    await onSite(page, "/");
    expect(await meOf(page)).toBe("lou");
  });

  it("at the provider leads open pages here to the sign-in page by themselves", async () => {
    const { page, context } = await newVisitor();
    await signInWith(page, "The University", "pat");
    await onSite(page, "/");
    await page.getByRole("button", { name: /^Account of/ }).waitFor();
    const there = await context.newPage();
    await there.goto(`${provider().issuer}/session/end`);
    await leaveThere(there);
    await page.getByLabel("Password", { exact: true }).waitFor();
    expect(await meOf(page)).toBeNull();
  });
});

describe("too many sign-ins that were begun and not finished", () => {
  it("are said with how long to wait, and a password still works", async () => {
    const { page } = await newVisitor();
    await site.db.execute(sql`
      insert into sign_in_failures (bucket, failures, blocked_until)
      values ('oidc:127.0.0.1', 200, now() + interval '290 s')
      on conflict (bucket) do update set failures = 200, blocked_until = excluded.blocked_until`);
    await page.goto("/account");
    await link(page, "The University").click();
    await expectProblem(page, /Begin again in \d+ min, or sign in with a password/);
    await page.getByLabel("Username", { exact: true }).fill("admin");
    await page.getByLabel("Password", { exact: true }).fill(site.password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await onSite(page, "/account");
    await site.db.execute(sql`delete from sign_in_failures`);
  });
});
