/** Nodes in the hands of an administrator, and what their people are told: a whole installation, a real browser. */
import { sql } from "drizzle-orm";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchShell, until, visit, type Visitor } from "../browser.ts";
import { cookieOf } from "../scenes/people.ts";
import { openStage, type Stage } from "../stage.ts";

let stage: Stage;
let browser: Browser;

beforeAll(async () => {
  stage = await openStage();
  await stage.addEnvironment({ slug: "tomo", name: "Tomography", versions: ["1"] });
  await stage.addPerson("ada", {
    desktops: [{ environment: "Tomography", state: "running", minutesAgo: 72 }],
  });
  await stage.addPerson("bob", {
    desktops: [{ environment: "Tomography", state: "queued", minutesAgo: 3 }],
  });
  browser = await launchShell();
});
afterAll(async () => {
  await browser?.close();
  await stage?.remove();
});

async function as(username: string, path: string): Promise<Visitor> {
  const cookie = await cookieOf(stage, username);
  const visitor = await visit(browser, stage.installation.url, { cookie });
  await visitor.page.goto(path);
  return visitor;
}

const nodeRow = async () => {
  const [row] = await stage.db.execute<{
    id: string;
    draining: boolean;
    reason: string | null;
    labels: Record<string, string>;
  }>(
    sql`select id, draining, hold_reason as reason, set_labels as labels from nodes where name = 'gpu-04'`,
  );
  if (!row) throw new Error("there is no gpu-04");
  return row;
};

async function openNode(page: Page): Promise<void> {
  await page.goto(`/admin/nodes/${(await nodeRow()).id}`);
  await page.getByRole("heading", { name: "gpu-04" }).waitFor();
}

describe("an administrator", () => {
  it("finds a node by the keyboard, and the address has the whole view", async () => {
    const { page, context, complaints } = await as("admin", "/admin/nodes");
    await page.getByRole("table").waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("hall-2 a40");
    await page.waitForURL("**/admin/nodes?search=hall-2+a40");
    await until("one is found", async () => (await page.locator("tbody tr").count()) === 1);
    await page.getByRole("button", { name: "CPUs" }).click();
    await page.waitForURL("**sort=-cpus**");
    await page.getByRole("button", { name: /^Ready/ }).click();
    await page.waitForURL("**state=ready**");
    await page.reload();
    await until("it is the same view", async () => (await page.locator("tbody tr").count()) === 1);
    expect(await page.locator('th[aria-sort="descending"]').textContent()).toBe("CPUs");
    await page.locator("h1").click();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "gpu-04" }).waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("hears and reads what each desktop holds of a bar, part by part", async () => {
    const { page, context } = await as("admin", "/admin/nodes");
    await openNode(page);
    const parts = page.getByRole("list", { name: /^CPUs\. / }).getByRole("listitem");
    expect(
      await parts.evaluateAll((all) => all.map((it) => it.getAttribute("aria-label"))),
    ).toEqual(["MATE desktop of others: 30 CPUs", "Tomography of ada: 0.5 CPUs"]);
    await parts.first().focus();
    await page.getByText("MATE desktop of others: 30 CPUs").waitFor();
    await page.keyboard.press("ArrowRight");
    await page.getByText("Tomography of ada: 0.5 CPUs").waitFor();
    // The next bar tells of the same desktop's like; away from all of them each says what there is.
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.getByText(/^30\.5 of 64 taken, 33\.5 free/).waitFor();
    await context.close();
  });

  it("sets labels, each checked where it is typed", async () => {
    const { page, context } = await as("admin", "/admin/nodes");
    await openNode(page);
    const field = page.getByLabel("Add a label");
    for (const [text, fault] of [
      ["-x=1", "The name has to be"],
      ["x=ä", "The value has to be"],
    ] as const) {
      await field.fill(text);
      await field.press("Enter");
      await page.getByText(fault).waitFor();
      expect((await nodeRow()).labels).toEqual({});
    }
    await field.fill("zone=hall-9");
    await field.press("Enter");
    await page.getByRole("button", { name: "Change zone=hall-9" }).click();
    await until("it is set", async () => (await nodeRow()).labels["zone"] === "hall-9");
    await page.getByLabel("Label zone=hall-9").fill("zone=hall-8");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Remove zone=hall-8" }).click();
    await until("it is removed", async () => Object.keys((await nodeRow()).labels).length === 0);
    await context.close();
  });

  it("drains a node with a reason; who is there is asked to move, and may put it off", async () => {
    const own = await as("ada", "/");
    await own.page.getByRole("button", { name: "Connect", exact: true }).waitFor();
    const { page, context } = await as("admin", "/admin/nodes");
    await openNode(page);
    await page.getByRole("button", { name: "Drain…" }).click();
    await page.getByText(/^2 desktops here: their 2 people/).waitFor();
    await page.getByLabel("Why").fill("new kernel");
    await page.getByRole("button", { name: "Drain", exact: true }).click();
    await page.getByText("It is being emptied.").waitFor();
    await page.getByText("“new kernel”").waitFor();
    expect(await nodeRow()).toMatchObject({ draining: true, reason: "new kernel" });

    const notice = own.page.getByText("The node gpu-04 is being emptied.");
    await notice.waitFor();
    await own.page.getByText("Because: new kernel").waitFor();
    await own.page.getByRole("button", { name: "Restart elsewhere" }).click();
    await own.page.getByText("Lost: open programs and work that is not saved.").waitFor();
    await own.page.getByRole("button", { name: "Keep it running" }).click();
    await own.page.getByRole("button", { name: "Ask me in an hour" }).click();
    await notice.waitFor({ state: "detached" });
    await own.page.reload();
    await own.page.getByRole("button", { name: "Connect", exact: true }).waitFor();
    expect(await notice.count()).toBe(0);

    await page.getByRole("button", { name: "End draining" }).click();
    await page.getByText("gpu-04 is no longer being emptied.").waitFor();
    expect(await nodeRow()).toMatchObject({ draining: false, reason: null });
    await context.close();
    await own.context.close();
  });
});

describe("whoever waits for a place", () => {
  it("is told when it starts, by the page, its title, and where they asked for it by the browser", async () => {
    const cookie = await cookieOf(stage, "bob");
    const { page, context } = await visit(browser, stage.installation.url, { cookie });
    await context.grantPermissions(["notifications"]);
    await page.addInitScript(() => {
      const shown: string[] = [];
      class Recorded extends EventTarget {
        static permission = "granted";
        static requestPermission = () => Promise.resolve("granted");
        constructor(title: string) {
          super();
          shown.push(title);
        }
      }
      Object.assign(window, { Notification: Recorded, shown });
    });
    await page.goto("/");
    await page.getByText(/Place 1 in the queue/).waitFor();
    await page.getByRole("button", { name: "Tell me when it starts" }).click();
    await page.getByRole("button", { name: "You will be told" }).waitFor();
    const shown = () => page.evaluate(() => (window as unknown as { shown: string[] }).shown);
    expect(await shown()).toEqual([]);

    // Room: what others had of the node is gone, and the placer finds it by itself.
    await stage.db.execute(sql`
      delete from allocations a using instances i, users u
      where i.id = a.instance_id and u.id = i.owner_id and u.username = 'others'`);
    await page.getByText("Tomography has a place on gpu-04 and starts.").waitFor();
    expect(await page.title()).toMatch(/^Tomography has a place on gpu-04 and starts\./);
    expect(await shown()).toEqual([]);

    // Nobody stands behind this stage's node: what its controller would say of it.
    await stage.db.execute(sql`
      update instances i set state = 'running', started_at = now() from users u
      where u.id = i.owner_id and u.username = 'bob'`);
    await page.getByText("Tomography runs.").waitFor();
    await until("the browser says it", async () => String(await shown()) === "Tomography runs.");
    await page.mouse.click(5, 5);
    await until("the title is the page's again", async () =>
      (await page.title()).startsWith("Desktops"),
    );
    await context.close();
  });
});
