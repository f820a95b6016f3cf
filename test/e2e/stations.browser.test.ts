/** A shared computer at a beamline, from its code to the end of an experiment, in real browsers. */
import type { Browser, Page } from "playwright-core";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchShell, readCanvas, signIn, until, visit } from "../browser.ts";
import { containersOf, execIn } from "../containers.ts";
import { startProvider, type TestProvider } from "../oidc-provider.ts";
import { openStage, type Stage } from "../stage.ts";

let stage: Stage;
let browser: Browser;
let station: Page;
let provider: TestProvider;
let code: string;

beforeAll(async () => {
  stage = await openStage();
  await stage.addPerson("ada", { displayName: "Ada L." });
  // Who signs in through the provider, and has no password here.
  await stage.db.execute(sql`insert into users (username, display_name) values ('eve', 'Eve P.')`);
  await stage.db.execute(sql`
    with b as (insert into beamlines (code, name) values ('IMBL', 'Imaging') returning id), x as (
      insert into experiments (code, beamline_id, title, starts_at, ends_at)
      select '18342', id, 'Lungs at rest', now() - interval '1 hour', now() + interval '8 hours' from b
      returning id
    )
    insert into members (experiment_id, user_id) select x.id, u.id from x, users u where u.username in ('ada', 'eve')`);
  browser = await launchShell();
  station = (await visit(browser, stage.installation.url)).page;
  const callback = `${stage.installation.url}/auth/oidc/uni/callback`;
  provider = await startProvider([callback]);
  provider.claims.set("eve", { name: "Eve P." });
});
afterAll(async () => {
  await browser?.close();
  await provider?.close();
  await stage?.remove();
});

const inside = async (id: string, script: string) => {
  const [container] = await containersOf(id);
  return (await execIn(container?.Id ?? "", ["sh", "-c", script])).toString().trim();
};

/** Waits for the picture of the desktop that was just started. @returns its id */
async function shown(page: Page): Promise<string> {
  await page.waitForURL(/\/desktops\/[0-9a-f-]{36}$/);
  await page.locator('[data-testid="desktop"] canvas').waitFor({ timeout: 60_000 });
  await until("a picture", () => readCanvas(page));
  return page.url().slice(-36);
}

describe("a station", () => {
  let shared: string;
  let own: string;
  let eves: string;

  it("is added by who looks after the beamline, who gets a code", async () => {
    const { page, context } = await visit(browser, stage.installation.url);
    await signIn(page, stage.installation);
    await page.goto("/admin/stations");
    await page.getByRole("button", { name: "Add a station" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Hutch 1");
    await page.getByRole("dialog").getByRole("button", { name: "Add a station" }).click();
    const text = page.getByText(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    await text.waitFor();
    code = (await text.textContent()) ?? "";
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByText("station-imbl-1").waitFor();
    const { issuer, clientId, clientSecret } = provider;
    const uni = { slug: "uni", name: "The University", issuer, clientId, clientSecret };
    const added = await page.evaluate(
      async (body) => {
        const headers = { "content-type": "application/json" };
        const it = { method: "POST", headers, body: JSON.stringify(body) };
        return (await fetch("/api/admin/providers", it)).status;
      },
      { ...uni, vouches: true },
    );
    expect(added).toBe(201);
    await context.close();
  });

  it("is the browser in which the code is typed", async () => {
    await station.goto("/station");
    await station.getByLabel("Code", { exact: true }).fill(code.toLowerCase().replace("-", " "));
    await station.getByRole("button", { name: "Make it a station" }).click();
    await station.getByRole("heading", { name: "Hutch 1" }).waitFor();
    await station.getByText("Lungs at rest").waitFor();
  });

  it("starts a desktop with the experiment's data", async () => {
    await station.getByRole("button", { name: "Start", exact: true }).first().click();
    shared = await shown(station);
    expect(await inside(shared, "id -un; ls /data/IMBL")).toBe("station-imbl-1\n18342");
  });

  it("is where a person starts one of their own", async () => {
    await station.goto("/");
    await station.getByRole("button", { name: "Use my own home" }).click();
    await station.getByLabel("Username", { exact: true }).fill("Ada");
    await station.getByLabel("Password", { exact: true }).fill(stage.installation.password);
    await station.getByRole("button", { name: "Start with my home" }).click();
    own = await shown(station);
    expect(own).not.toBe(shared);
    expect(await inside(own, "id -un; echo ~; ls /data/IMBL")).toBe("ada\n/home/ada\n18342");
  });

  describe("and somebody without a password, with their phone,", () => {
    let phone: Page;
    const size = { viewport: { width: 390, height: 844 }, touch: true };

    /** @returns the code that the station shows */
    async function ask(): Promise<string> {
      await station.goto("/");
      await station.getByRole("button", { name: "Use my own home" }).click();
      await station.getByRole("button", { name: "With my phone" }).click();
      await station.getByRole("img", { name: /^QR code/ }).waitFor();
      return (await station.getByText(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/).textContent()) ?? "";
    }

    it("is led through their provider to what they agree to, with the code in no address", async () => {
      const asked = await ask();
      ({ page: phone } = await visit(browser, stage.installation.url, size));
      const sent: string[] = [];
      phone.on("request", (it) => sent.push(it.url()));
      await phone.goto(`/add#${asked}`);
      await phone.getByRole("link", { name: "Sign in with The University" }).click();
      await phone.getByPlaceholder("Enter any login").fill("eve");
      await phone.getByPlaceholder("and password").fill("any");
      await phone.getByRole("button", { name: "Sign-in" }).click();
      await phone.getByRole("button", { name: "Continue" }).click();
      await phone.getByRole("heading", { name: "Start your desktop at Hutch 1?" }).waitFor();
      await phone.getByText("Signed in as Eve P.").waitFor();
      for (const text of ["18342 · Lungs at rest", "IMBL · Imaging", "Hutch 1"])
        await phone.getByText(text, { exact: true }).waitFor();
      await phone.getByText("Everybody at the station can use it.").waitFor();
      // The page itself is asked for by its address, without what stands behind the #.
      const told = sent.filter((it) => it.replace(/#.*$/, "").includes(asked));
      expect(told).toEqual([]);
      expect(sent.some((it) => it.startsWith(provider.issuer))).toBe(true);
      expect(phone.url()).toBe(`${stage.installation.url}/add`);
    });

    it("declines, of which the station hears", async () => {
      await phone.getByRole("button", { name: "Decline" }).click();
      await phone.getByText("Nothing was started").waitFor();
      await station.getByText("It was declined on the phone.").waitFor();
      await station.getByRole("button", { name: "New code" }).click();
      await station.getByRole("img", { name: /^QR code/ }).waitFor();
    });

    it("types another code and confirms; it starts at the station by itself", async () => {
      const asked = await ask();
      await phone.getByRole("button", { name: "Type another code" }).click();
      await phone.getByLabel("Code", { exact: true }).fill(asked.toLowerCase().replace("-", " "));
      await phone.getByRole("button", { name: "Continue" }).click();
      await phone.getByRole("button", { name: "Start it there" }).click();
      await phone.getByText("Your desktop starts at Hutch 1.").waitFor();
      eves = await shown(station);
      expect(await inside(eves, "id -un; echo ~; ls /data/IMBL")).toBe("eve\n/home/eve\n18342");
      await phone.getByRole("link", { name: "To my desktops" }).click();
      await phone.getByText("On the station").first().waitFor();
      const cookies = await station.context().cookies();
      expect(cookies.map((it) => it.name)).toEqual(["asci_session"]);
    });
  });

  it("has nothing of it any more when the experiment ends", async () => {
    await stage.db.execute(sql`update experiments set ends_at = now()`);
    // The picture goes without anybody's doing.
    await station.locator('[data-testid="desktop"] canvas').waitFor({ state: "detached" });
    await station.goto("/");
    await station.getByText("No experiment is running here now.").waitFor();
    expect(await station.getByRole("button", { name: "Connect", exact: true }).count()).toBe(0);
    for (const id of [shared, own, eves])
      await until("its container is gone", async () => (await containersOf(id)).length === 0);
  });
});
