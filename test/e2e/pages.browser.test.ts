import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchShell, signIn, until, visit } from "../browser.ts";
import { startInstallation, type TestInstallation } from "../installation.ts";
import { faultsOf, overflowOf } from "../scenes/checks.ts";
import { narrow } from "../scenes/scene.ts";

let installation: TestInstallation;
let browser: Browser;

beforeAll(async () => {
  installation = await startInstallation();
  browser = await launchShell();
});
afterAll(async () => {
  await browser?.close();
  await installation?.remove();
});

/** What every page has to be: no fault of accessibility, nothing wider than the window, no complaint. */
async function check(page: Page, complaints: string[]): Promise<void> {
  expect(await faultsOf(page)).toEqual([]);
  expect(await overflowOf(page)).toBe(0);
  expect(complaints).toEqual([]);
}

const start = (page: Page, name: string) =>
  page.evaluate(
    async (body) => {
      const answer = await fetch("/api/instances", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return ((await answer.json()) as { id: string }).id;
    },
    { environment: "mate", name },
  );

describe("with desktops", () => {
  it("has no faults with a long name, what runs, what ended and what failed", async () => {
    const { context, page, complaints } = await visit(browser, installation.url);
    await signIn(page, installation);
    const long =
      "A name as long as people make them, with the sample, the scan, the energy and the date";
    const ids = [await start(page, long), await start(page, "Short")];
    await until("both run", async () => {
      const { items } = (await (await page.request.get("/api/instances")).json()) as {
        items: { state: string }[];
      };
      return items.filter((it) => it.state === "running").length === 2;
    });
    await page.getByRole("button", { name: "Connect", exact: true }).nth(1).waitFor();
    await check(page, complaints);
    await page.setViewportSize(narrow.viewport);
    await check(page, complaints);
    for (const id of ids)
      await page.evaluate((path) => fetch(path, { method: "POST" }), `/api/instances/${id}/stop`);
    await page.getByRole("button", { name: "Start again" }).nth(1).waitFor();
    await check(page, complaints);
    await context.close();
  });

  it("brings someone back to where they were after signing in again", async () => {
    const { context, page } = await visit(browser, installation.url);
    await signIn(page, installation);
    await page.goto("/admin/nodes");
    await page.getByRole("table").waitFor();
    await context.clearCookies();
    await page.reload();
    await page.getByLabel("Username", { exact: true }).fill("admin");
    await page.getByLabel("Password", { exact: true }).fill(installation.password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("table").waitFor();
    expect(new URL(page.url()).pathname).toBe("/admin/nodes");
    await context.close();
  });

  it("can be used by keyboard alone", async () => {
    const { context, page } = await visit(browser, installation.url);
    await page.getByLabel("Username", { exact: true }).focus();
    await page.keyboard.type("admin");
    await page.keyboard.press("Tab");
    await page.keyboard.type(installation.password);
    await page.keyboard.press("Enter");
    const button = page.getByRole("button", { name: "Start", exact: true }).first();
    await button.waitFor();
    await until("the focus reaches Start", async () => {
      await page.keyboard.press("Tab");
      return button.evaluate((it) => it === document.activeElement);
    });
    await page.keyboard.press("Enter");
    await page.locator('[data-testid="desktop"] canvas').waitFor({ timeout: 60_000 });
    await context.close();
  });
});

describe("on a network that changes", () => {
  it("a part of the app that does not come at first comes all the same", async () => {
    const { context, page } = await visit(browser, installation.url);
    await signIn(page, installation);
    const ended = new Set<string>();
    await page.route("**/assets/*.js", async (route) => {
      const url = route.request().url();
      if (ended.has(url)) return route.continue();
      ended.add(url);
      return route.abort("failed");
    });
    await page.getByRole("link", { name: "Admin", exact: true }).click();
    await page.getByRole("link", { name: "Operation", exact: true }).click();
    await page.getByRole("table").getByRole("link").first().click();
    await page.getByRole("img", { name: /:/ }).locator("canvas").first().waitFor();
    expect([...ended].filter((it) => /uPlot/i.test(it))).toHaveLength(1);
    await context.close();
  });
});

describe("the account page", () => {
  const account = async (page: Page): Promise<void> => {
    await page
      .getByRole("button", { name: /Account of/ })
      .filter({ visible: true })
      .click();
    const item = page.getByRole("menuitem", { name: /^Account/ });
    await item.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL("**/account");
    await page.getByText("This browser").waitFor();
  };
  const focused = (page: Page) => page.evaluate(() => document.activeElement?.id);

  it("makes a token that is shown once and works until it is revoked", async () => {
    const { context, page } = await visit(browser, installation.url);
    await signIn(page, installation);
    await account(page);
    await page.getByRole("button", { name: "New token" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Health check");
    await page.getByRole("checkbox", { name: /^Read/ }).check();
    await page.getByRole("combobox", { name: "Valid for" }).selectOption("366");
    await page.getByRole("button", { name: "Make the token" }).click();
    const token = await page.getByRole("textbox", { name: "The token" }).inputValue();
    expect(token).toMatch(/^asci_[\w-]{40,}$/);
    const statusWith = async () => {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${installation.url}/api/environments`, { headers })).status;
    };
    expect(await statusWith()).toBe(200);

    // A press beside the dialog is a slip: the token would be lost.
    await page.mouse.click(5, 5);
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    const kept = await page.evaluate(() =>
      JSON.stringify([
        document.documentElement.outerHTML,
        { ...localStorage },
        { ...sessionStorage },
        location.href,
        history.state as unknown,
      ]),
    );
    expect(kept).not.toContain(token);
    await page.getByRole("button", { name: "New token" }).click();
    await page.getByLabel("Name", { exact: true }).waitFor();
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Revoke Health check" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
    await page.getByText("You have no tokens.").waitFor();
    expect(await statusWith()).toBe(401);
    await until("the focus is at the list", async () => (await focused(page)) === "tokens");
    await context.close();
  });

  it("lists every browser and signs one of them out", async () => {
    const { context, page } = await visit(browser, installation.url);
    const cookies: string[] = [];
    for (let count = 0; count < 21; count += 1) {
      const answer = await fetch(`${installation.url}/api/auth/login`, {
        method: "POST",
        headers: {
          origin: installation.url,
          "content-type": "application/json",
          "user-agent": count === 0 ? "Mozilla/5.0 (X11; FreeBSD) Firefox/140.0" : "none",
        },
        body: JSON.stringify({ username: "admin", password: installation.password }),
      });
      cookies.push(answer.headers.get("set-cookie")?.split(";")[0] ?? "");
    }
    await signIn(page, installation);
    await account(page);
    await page.getByRole("button", { name: "Show more" }).click();
    await page.getByRole("button", { name: "Sign out Firefox on FreeBSD" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Sign out" }).click();
    await page.getByText("Signed out: Firefox on FreeBSD.").waitFor();
    const headers = { cookie: cookies[0] ?? "" };
    expect((await fetch(`${installation.url}/api/me`, { headers })).status).toBe(401);
    await page.getByText("Firefox on FreeBSD", { exact: true }).waitFor({ state: "detached" });
    await until("the focus is at the list", async () => (await focused(page)) === "sign-ins");
    await context.close();
  });
});

describe("the site's files", () => {
  it("are cached by their names, compressed, and under a strict policy", async () => {
    const html = await fetch(installation.url, { headers: { "accept-encoding": "br" } });
    expect(html.headers.get("cache-control")).toBe("no-cache");
    expect(html.headers.get("content-encoding")).toBe("br");
    expect(html.headers.get("content-security-policy")).toMatch(/script-src 'self';/);
    expect(html.headers.get("content-security-policy")).not.toContain("unsafe");
    expect(html.headers.get("content-security-policy")).toContain("connect-src 'self';");
    const asset = /"(\/assets\/[^"]+\.js)"/.exec(await html.text())?.[1] ?? "";
    const script = await fetch(installation.url + asset);
    expect(script.headers.get("cache-control")).toContain("immutable");
    const etag = script.headers.get("etag") ?? "";
    const again = await fetch(installation.url + asset, { headers: { "if-none-match": etag } });
    expect(again.status).toBe(304);
    for (const path of [
      "/assets/none.js",
      "/api/none",
      "/../../etc/passwd",
      "/assets/..%2f..%2fpackage.json",
    ])
      expect((await fetch(installation.url + path)).headers.get("content-type")).not.toContain(
        "javascript",
      );
    expect((await fetch(`${installation.url}/assets/none.js`)).status).toBe(404);
  });

  it("include the API's reference, which loads nothing from elsewhere", async () => {
    const { context, page, complaints } = await visit(browser, installation.url);
    const foreign: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(installation.url) && !request.url().startsWith("data:"))
        foreign.push(request.url());
    });
    await page.goto("/api/docs");
    await page.getByText("Start an environment").waitFor();
    expect(foreign).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });
});

describe("with experiments", () => {
  it("starts for the one that was chosen on a favourite's card", async () => {
    const { page, context } = await visit(browser, installation.url);
    await signIn(page, installation);
    await page.getByRole("button", { name: "Start", exact: true }).waitFor();
    await page.evaluate(async () => {
      const post = async (path: string, body: object) => {
        const headers = { "content-type": "application/json" };
        const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
        if (!answer.ok) throw new Error(await answer.text());
      };
      const common = { beamline: "IMBL", members: ["admin"] };
      await post("/api/admin/experiments/sync", {
        beamlines: [{ code: "IMBL", name: "Imaging" }],
        experiments: [
          {
            code: "18342",
            startsAt: "2026-02-01T00:00:00Z",
            endsAt: "2026-02-02T00:00:00Z",
            ...common,
          },
          {
            code: "17999",
            startsAt: "2026-01-01T00:00:00Z",
            endsAt: "2026-01-02T00:00:00Z",
            ...common,
          },
        ],
      });
      const { items } = await (await fetch("/api/admin/environments")).json();
      const path = `/api/admin/environments/${items[0].id}/entitlements`;
      await post(path, { kind: "beamline", subject: "IMBL" });
    });
    await page.reload();
    await page.getByRole("button", { name: "MATE desktop as a favourite" }).first().click();
    const favourites = page.getByRole("region", { name: "Favourites" });
    await favourites
      .getByRole("combobox", { name: "Experiment for MATE desktop" })
      .selectOption("17999");
    await favourites.getByRole("button", { name: "Start", exact: true }).click();
    await page.waitForURL(/\/desktops\/[0-9a-f-]{36}$/);
    const answer = await page.request.get(`/api/instances/${page.url().slice(-36)}`);
    expect(await answer.json()).toMatchObject({ experiment: "17999" });
    await page.evaluate(
      (path) => fetch(path, { method: "POST" }).then(() => undefined),
      `/api/instances/${page.url().slice(-36)}/stop`,
    );
    await context.close();
  });
});
