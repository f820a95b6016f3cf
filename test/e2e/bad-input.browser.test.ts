/** What goes wrong in front of the screen or behind it, and what the pages say of it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchShell, visit } from "../browser.ts";
import { createEngineSwitch, type EngineSwitch } from "../engine-switch.ts";
import { cookieOf } from "../scenes/people.ts";
import { openStage, type Stage } from "../stage.ts";

const limit = { timeout: 120_000 };

let folder: string;
let engine: EngineSwitch;
let stage: Stage;
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "asci-engine-"));
  engine = await createEngineSwitch(join(folder, "engine.sock"));
  stage = await openStage({ DOCKER_HOST: engine.url });
  browser = await launchShell();
  await stage.addEnvironment({ slug: "tomography", name: "Tomography", versions: ["2026.11"] });
  await stage.addEnvironment({ slug: "old", name: "Old one", versions: ["2025.01"] });
});
afterAll(async () => {
  await browser?.close();
  await stage?.remove();
  await engine?.off();
  await rm(folder, { recursive: true, force: true });
});

const button = (page: Page, name: string): Locator =>
  page.getByRole("button", { name, exact: true }).filter({ visible: true });
const card = (page: Page, name: string): Locator =>
  page.getByRole("listitem").filter({ has: page.getByRole("heading", { name, exact: true }) });

async function fillSignIn(page: Page, username: string, password: string): Promise<void> {
  await page.getByLabel("Username", { exact: true }).fill(username);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await button(page, "Sign in").click();
}

/** A window of someone who is signed in. */
async function as(username: string, path = "/"): Promise<Page> {
  const cookie = await cookieOf(stage, username);
  const { page } = await visit(browser, stage.installation.url, { cookie });
  await page.goto(path);
  return page;
}

const endSignIns = (username: string) =>
  stage.db.execute(sql`
    update sign_ins s set expires_at = now() - interval '1 second'
    from users u where u.id = s.user_id and u.username = ${username}`);

/** Makes the waits of one name longer: a slow machine outlasts the first ones of 2 s. Gone with the stage. */
async function lengthenWaits(username: string): Promise<void> {
  await stage.db.execute(
    sql.raw(`create function lengthen_wait() returns trigger language plpgsql as $$
      begin
        new.blocked_until := new.blocked_until + interval '50 seconds';
        return new;
      end $$;
      create trigger longer before update on sign_in_failures for each row
        when (new.failures > old.failures and new.bucket like 'pair:%:${username}')
        execute function lengthen_wait()`),
  );
}

describe("signing in", () => {
  it("with a wrong password: says so, keeps the name, and waits in the password", async () => {
    await stage.addPerson("wrong");
    const { page } = await visit(browser, stage.installation.url);
    await fillSignIn(page, "wrong", "not this one");
    await page.getByRole("alert").getByText("do not belong together").waitFor();
    expect(await page.getByLabel("Username", { exact: true }).inputValue()).toBe("wrong");
    const field = page.getByLabel("Password", { exact: true });
    const marked = await field.evaluate(
      (it: HTMLInputElement) =>
        it === document.activeElement && it.selectionEnd === it.value.length && it.selectionStart,
    );
    expect(marked).toBe(0);
    await page.keyboard.type(stage.installation.password);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Start something" }).waitFor();
    await page.context().close();
  });

  it("with too many wrong passwords: says how long to wait, on the button too", async () => {
    await stage.addPerson("guesser");
    await lengthenWaits("guesser");
    const { page } = await visit(browser, stage.installation.url);
    for (let tries = 1; tries <= 9; tries += 1) {
      const answer = page.waitForResponse("**/api/auth/login");
      await fillSignIn(page, "guesser", `guess ${tries}`);
      await answer;
    }
    await page.getByRole("alert").getByText("Too many tries in a short time.").waitFor();
    await page.getByText(/^Wait \d+ seconds? and try again\.$/).waitFor();
    const wait = page.getByRole("button", { name: /^Again in \d+ s$/ });
    expect(await wait.getAttribute("aria-disabled")).toBe("true");
    await page.context().close();
  });

  it("takes only so many characters, and says it", async () => {
    const { page } = await visit(browser, stage.installation.url);
    await page.getByLabel("Username", { exact: true }).focus();
    await page.keyboard.insertText("x".repeat(1_000_000));
    await page.getByText("It can hold 200 characters and is full").first().waitFor();
    expect(await page.getByLabel("Username", { exact: true }).inputValue()).toHaveLength(200);
    await page.context().close();
  });
});

describe("a sign-in that ends while a page is open", () => {
  it("leads to the sign-in at the next click, says why, and back to the same view", async () => {
    await stage.addPerson("boss", { roles: ["admin"] });
    await stage.addPerson("staying-1");
    const page = await as("boss", "/admin/users?search=staying");
    await button(page, "Disable staying-1").click();
    await endSignIns("boss");
    await page.getByRole("alertdialog").getByRole("button", { name: "Disable" }).click();
    await page.getByText("Your sign-in has ended.").waitFor();
    await fillSignIn(page, "boss", stage.installation.password);
    await page.getByRole("row").filter({ hasText: "staying-1" }).getByText("Enabled").waitFor();
    const { pathname, search } = new URL(page.url());
    expect(pathname + search).toBe("/admin/users?search=staying");
    await page.context().close();
  });

  it("leads there without a click too, as soon as there is news", async () => {
    const id = await stage.addPerson("waiting");
    const page = await as("waiting");
    await page.getByRole("heading", { name: "Start something" }).waitFor();
    await endSignIns("waiting");
    await stage.addDesktop(id, { environment: "Tomography", state: "running" });
    await page.getByText("Your sign-in has ended.").waitFor(limit);
    await page.getByLabel("Username", { exact: true }).waitFor();
    await page.context().close();
  });
});

describe("what is not there", () => {
  it.each([
    ["/desktops/00000000-0000-4000-8000-000000000000", "There is no such desktop"],
    ["/desktops/nonsense", "There is no such desktop"],
    ["/nothing/at/all", "There is nothing at this address"],
  ])("%s: says so and leads back", async (path, title) => {
    const page = await as("wrong", path);
    await page.getByRole("heading", { name: title }).waitFor();
    await page.getByRole("link", { name: "Back to your desktops" }).click();
    await page.getByRole("heading", { name: "Start something" }).waitFor();
    await page.context().close();
  });

  it("an environment that left the catalogue: says so, and the list is right again", async () => {
    const page = await as("wrong");
    const start = card(page, "Old one").getByRole("button", { name: "Start", exact: true });
    await start.waitFor();
    await stage.db.execute(sql`update environments set enabled = false where slug = 'old'`);
    await start.click();
    await page.getByRole("alert").getByText("This can no longer be started.").waitFor();
    await card(page, "Old one").waitFor({ state: "detached" });
    await card(page, "Tomography").waitFor();
    expect(new URL(page.url()).pathname).toBe("/");
    await page.context().close();
  });
});

describe("a page whose files do not arrive", () => {
  it("comes by itself once they do, and says what to do where they never do", async () => {
    const { page } = await visit(browser, stage.installation.url);
    const entry = await page.locator("script[type=module]").getAttribute("src");
    expect(entry).toMatch(/^\/assets\/[\w-]+\.js$/);
    let refused = 0;
    await page.route(`**${entry}*`, (route) => {
      refused += 1;
      return refused <= 2 ? route.abort() : route.continue();
    });
    await page.reload();
    await page.getByLabel("Username", { exact: true }).waitFor(limit);
    expect(refused).toBe(3);
    await page.unroute(`**${entry}*`);
    await page.route(`**${entry}*`, (route) => route.abort());
    await page.reload();
    await page.getByText("ASCI could not be loaded.").waitFor(limit);
    await page.context().close();
  });
});

describe("a name of a million characters", () => {
  it("is cut where the field ends, and the field says so", async () => {
    const page = await as("boss", "/admin/users");
    await button(page, "Add a user").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Username").fill("long-named");
    await dialog.getByLabel("Password", { exact: true }).fill("a password for tests");
    await dialog.getByLabel(/^Name/).focus();
    await page.keyboard.insertText("n".repeat(1_000_000));
    await dialog.getByText("It can hold 200 characters and is full").waitFor();
    await button(page, "Add").click();
    await page.getByText("can sign in now.").waitFor();
    await page.context().close();
  });

  it("does not break a search", async () => {
    const page = await as("boss", "/admin/users");
    await page.getByRole("searchbox").focus();
    await page.keyboard.insertText("n".repeat(1_000_000));
    await page.getByRole("row").filter({ hasText: "long-named" }).waitFor();
    await page.context().close();
  });
});

describe("a start while there is no place to run it", () => {
  it("with no node: waits, says why and what happens next, and can be called off", async () => {
    await stage.addPerson("early");
    await stage.db.execute(sql`
      update nodes set last_seen_at = case when name = 'gpu-04' then now() - interval '1 hour'
        else last_seen_at end, schedulable = name = 'gpu-04'`);
    const page = await as("early");
    await card(page, "Tomography").getByRole("button", { name: "Start", exact: true }).click();
    await page.getByRole("heading", { name: "Tomography waits for a place" }).waitFor();
    const why = "No node takes desktops just now. 3 nodes: 2 not ready, 1 taking nothing new.";
    await page.getByText(why).waitFor(limit);
    await page.getByText("It starts by itself as soon as there is room.").waitFor();
    await page.getByRole("link", { name: "Back to your desktops" }).click();
    const waiting = page.locator("[data-instance]");
    await waiting.getByText("Queued").first().waitFor();
    await waiting.getByText(why).waitFor();
    await waiting.getByRole("button", { name: "Connect", exact: true }).click({ force: true });
    const said = page.getByRole("region", { name: "Messages" });
    await said.getByText("Not yet: it waits for a place.").waitFor();
    await waiting.getByRole("button", { name: "Cancel", exact: true }).click();
    await page.getByText("Stopped by you.").waitFor(limit);
    await page.context().close();
  });

  it("with the engine stopped: waits, says why, and runs by itself when it is back", async () => {
    await stage.addPerson("patient");
    await stage.db.execute(sql`update nodes set schedulable = name not in ('gpu-04')`);
    await engine.off();
    const admin = await as("boss", "/admin/nodes");
    await admin.getByText("Its container engine does not answer.").nth(1).waitFor(limit);
    await admin.context().close();
    const page = await as("patient");
    await card(page, "MATE desktop").getByRole("button", { name: "Start", exact: true }).click();
    await page.getByText("No node takes desktops just now.").waitFor(limit);
    await engine.on();
    await page.locator('[data-testid="desktop"][data-painted="true"]').waitFor(limit);
    await page.context().close();
  });
});

describe("a database that does not answer", () => {
  it("leaves the page as it is, says so calmly, and the page is right again by itself", async () => {
    const id = await stage.addPerson("steady");
    await stage.addDesktop(id, { environment: "Tomography", name: "Mine", state: "running" });
    const cookie = await cookieOf(stage, "steady");
    const page = await as("steady");
    await card(page, "Mine").waitFor();
    await stage.killDatabase();
    await page.getByText("Live updates are interrupted.").waitFor(limit);
    expect(await card(page, "Mine").count()).toBe(1);
    await card(page, "Tomography").getByRole("button", { name: "Start", exact: true }).click();
    const notice = page.getByRole("alert");
    await notice.getByText("ASCI’s database does not answer just now.").waitFor(limit);
    await notice.getByText("Trying again is safe: you will not get two desktops.").waitFor();
    // Someone who comes now, with a sign-in and without one.
    const { page: other } = await visit(browser, stage.installation.url, { cookie });
    await other.goto("/");
    await other.getByText("This page tries again by itself.").waitFor(limit);
    const { page: third } = await visit(browser, stage.installation.url);
    await fillSignIn(third, "steady", stage.installation.password);
    await third.getByRole("alert").getByText("database does not answer").waitFor(limit);

    await stage.reviveDatabase();
    await page.getByText("Live updates are interrupted.").waitFor({ state: "hidden", ...limit });
    await card(other, "Mine").waitFor(limit);
    await stage.addDesktop(id, { environment: "Tomography", name: "Newer", state: "running" });
    await card(page, "Newer").waitFor(limit);
    await notice.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { name: "Tomography waits for a place" }).waitFor(limit);
    expect(await third.getByLabel("Username", { exact: true }).inputValue()).toBe("steady");
    await button(third, "Sign in").click();
    await card(third, "Mine").waitFor(limit);
    await third.context().close();
    await page.context().close();
    await other.context().close();
  });
});

describe("two windows that do opposite things", () => {
  it("both come to show what is true, at once", async () => {
    const id = await stage.addPerson("twice");
    await stage.addDesktop(id, { environment: "Tomography", name: "Both", state: "stopped" });
    const [one, other] = [await as("twice"), await as("twice")];
    await button(other, "Start again").waitFor();
    await button(one, "Start again").click();
    await one.getByRole("heading", { name: "Both waits for a place" }).waitFor();
    await card(other, "Both").getByText("Queued").first().waitFor();
    await card(other, "Both").getByRole("button", { name: "Cancel", exact: true }).click();
    await one.getByRole("heading", { name: "Both is stopped" }).waitFor(limit);
    await button(other, "Start again").waitFor(limit);
    await one.context().close();
    await other.context().close();
  });

  it("one that is late is refused, hears why, and shows what is true", async () => {
    const id = await stage.addPerson("late");
    await stage.addDesktop(id, { environment: "Tomography", name: "Taken", state: "stopped" });
    const [one, other] = [await as("late"), await as("late", "/admin/nowhere")];
    // News is held up on the way to the other window, and so is what it asks for now and then.
    await other.route("**/api/events", (route) => route.abort());
    await other.goto("/");
    await button(other, "Start again").waitFor();
    await other.route("**/api/instances?*", (route) => route.abort());
    await button(one, "Start again").click();
    await one.getByRole("heading", { name: "Taken waits for a place" }).waitFor();
    await button(other, "Start again").click();
    const notice = other.getByRole("alert");
    await notice.getByText("Taken: It has not started yet.").waitFor();
    await notice.getByText("Something else was quicker").waitFor();
    await card(other, "Taken").getByText("Queued").first().waitFor();
    expect(new URL(other.url()).pathname).toBe("/");
    await one.context().close();
    await other.context().close();
  });
});
