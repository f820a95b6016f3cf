/** Rules and reservations on a real installation, from a typo to a version that is restored. */
import { sql } from "drizzle-orm";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchShell, visit, type VisitOptions } from "../browser.ts";
import { button } from "../scenes/admin-steps.ts";
import { clippedOf, overflowOf } from "../scenes/checks.ts";
import { cookieOf } from "../scenes/people.ts";
import { setReservations } from "../scenes/reservations.ts";
import { openRule, pane, previewed, setRules } from "../scenes/rules.ts";
import { phone, tablet } from "../scenes/scene.ts";
import { openStage, type Stage } from "../stage.ts";

let stage: Stage;
let browser: Browser;

beforeAll(async () => {
  stage = await openStage();
  await stage.addEnvironment({ slug: "tomography", name: "Tomography", versions: ["2026.11"] });
  await stage.addPerson("ada", { displayName: "Ada Lovelace", experiments: ["18342", "20003"] });
  await stage.addPerson("keeper", { displayName: "Noor Haddad", roles: ["user", "staff"] });
  await stage.db.execute(
    sql`insert into beamlines (code, name) values ('OTHER', 'Not the keeper’s')`,
  );
  await stage.db.execute(sql`insert into beamline_staff (beamline_id, user_id)
    select x.beamline_id, u.id from experiments x, users u
    where x.code = '18342' and u.username = 'keeper'`);
  await stage.db.execute(sql`insert into groups (name) values ('group-1')`);
  browser = await launchShell();
});
afterAll(async () => {
  await browser?.close();
  await stage?.remove();
});
beforeEach(() => setRules(stage, 3));

async function as(username: string, options: VisitOptions = {}): Promise<Page> {
  const cookie = await cookieOf(stage, username);
  return (await visit(browser, stage.installation.url, { ...options, cookie })).page;
}

const field = (page: Page, name: string) => page.getByRole("textbox", { name, exact: true });
const require = (page: Page) => page.getByRole("combobox", { name: "Require", exact: true });
const names = (page: Page) =>
  page.getByRole("list", { name: "Scheduling rules" }).locator("[data-rule]");
const selectionOf = (input: Locator) =>
  input.evaluate((it: HTMLInputElement) => [it.selectionStart, it.selectionEnd]);
async function give(page: Page, reason: string): Promise<void> {
  await page.getByRole("dialog").getByLabel("Why").fill(reason);
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /^(Save|Restore|Delete)$/ })
    .click();
}
const ruleOf = async (name: string) => {
  const [row] = await stage.db.execute<{ id: string; version: number; effects: unknown }>(
    sql`select id, version, effects from rules where name = ${name}`,
  );
  return row;
};
const reasonsOf = async (id: string | undefined) => {
  const rows = await stage.db.execute<{ reason: string }>(
    sql`select reason from rule_versions where rule_id = ${id} order by version`,
  );
  return rows.map((it) => it.reason);
};

describe("an administrator", () => {
  it("is shown a typo at its character, mends it, asks what if, and saves with a reason", async () => {
    const page = await as("admin");
    await page.goto("/admin/rules");
    await button(page, "New").click();
    await field(page, "Name").fill("Tomography in hall 2");
    await page.getByRole("combobox", { name: "Environment", exact: true }).first().fill("tomo");
    await page.getByRole("option", { name: /^tomography/ }).click();

    // By the keyboard alone, with what the nodes' labels offer.
    await require(page).focus();
    await page.keyboard.type("zo");
    await page.getByRole("option", { name: /^zone/ }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.keyboard.type(" in (ha");
    await page.getByRole("option", { name: "hall-2" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    expect(await require(page).inputValue()).toBe("zone in (hall-2");
    await page.getByText(/^Column 10: the list is not closed/).waitFor();
    await page.getByText(/the preview goes on once it is mended/).waitFor();
    await page.getByText(/^Line \d+, column \d+: the list is not closed/).waitFor();

    await button(page, "Save…").click();
    expect(await page.getByRole("dialog").count()).toBe(0);
    expect(await selectionOf(require(page))).toEqual([9, 15]);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.type(")");
    await previewed(page);

    await page.getByText("What if…").click();
    await page.getByRole("combobox", { name: "Environment" }).last().fill("tomography");
    await page.keyboard.press("Enter");
    await page.getByRole("combobox", { name: "Person" }).last().fill("ada");
    await page.keyboard.press("Enter");
    const nodes = page.getByRole("table", { name: "What every node says" });
    const far = nodes.getByRole("row").filter({ hasText: "hall-2-reconstruction" });
    await far.waitFor();
    expect(await far.locator('[data-verdict="refused"]').count()).toBe(2);

    await button(page, "Save…").click();
    await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Say why.").waitFor();
    await give(page, "The hall 2 nodes have the detectors’ storage.");
    await page.getByText("Tomography in hall 2: saved.").waitFor();
    const rule = await ruleOf("Tomography in hall 2");
    expect(rule?.effects).toEqual({ require: "zone in (hall-2)" });
    expect(await reasonsOf(rule?.id)).toEqual(["The hall 2 nodes have the detectors’ storage."]);
    // Behind a dialog that is just going away nothing is to be found.
    await expect.poll(() => names(page).count()).toBe(4);
    await expect.poll(() => new URL(page.url()).searchParams.get("rule")).toBe(rule?.id);
    await page.context().close();
  });

  it("orders rules by the keyboard, hears where they are, and saves that with a reason", async () => {
    const page = await as("admin");
    await page.goto("/admin/rules");
    await button(page, /^Move Students.*, 3 of 3$/).focus();
    await page.keyboard.press("ArrowUp");
    await page
      .getByText("Students: two desktops, no GPU: now 2 of 3.")
      .waitFor({ state: "attached" });
    await page.keyboard.press("ArrowUp");
    await button(page, /^Move Students.*, 1 of 3$/).waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toMatch(
      /^Move Students.*, 1 of 3$/,
    );
    await button(page, "Save the order…").click();
    await give(page, "Limits first.");
    await page.getByText("The order is saved.").waitFor();
    const rows = await stage.db.execute<{ name: string }>(
      sql`select name from rules order by priority desc, name`,
    );
    expect(rows.map((it) => it.name)).toEqual([
      "Students: two desktops, no GPU",
      "IMBL beamtime, own node",
      "Tomography prefers A40",
    ]);
    await page.context().close();
  });

  it("drags a rule to its place, and Escape puts it back", async () => {
    const page = await as("admin");
    await page.goto("/admin/rules");
    const handle = button(page, /^Move IMBL.* of 3$/);
    const from = await handle.boundingBox();
    const last = await names(page).nth(2).boundingBox();
    if (!from || !last) throw new Error("the list is not there");
    const drag = async (): Promise<void> => {
      await handle.hover();
      await page.mouse.down();
      await page.mouse.move(from.x + 5, last.y + last.height / 2, { steps: 5 });
      await button(page, /^Move IMBL.*, 3 of 3$/).waitFor();
    };
    await drag();
    await page.keyboard.press("Escape");
    await button(page, /^Move IMBL.*, 1 of 3$/).waitFor();
    await page.mouse.up();
    expect(await button(page, "Save the order…").count()).toBe(0);
    await drag();
    await page.mouse.up();
    await button(page, "Save the order…").waitFor();
    await button(page, "Undo").click();
    await button(page, /^Move IMBL.*, 1 of 3$/).waitFor();
    await page.context().close();
  });

  it("sees in the versions what changed, by whom and why, and restores one with a reason", async () => {
    const page = await as("admin");
    await openRule(page, stage);
    await button(page, "Versions").click();
    await page.getByText("The first try").waitFor();
    await button(page, /^Version 1/).click();
    const diff = page.getByRole("region", { name: "What has changed since version 1" });
    await diff.waitFor();
    expect(await diff.getByRole("deletion").first().innerText()).toContain("pack");
    expect(await diff.getByRole("insertion").allInnerTexts()).toContainEqual(
      expect.stringContaining("gpu in (a40,a100)"),
    );
    await button(page, "Restore version 1…").click();
    await give(page, "It did better.");
    await page.getByText("Tomography prefers A40: saved.").waitFor();
    await page.getByText("Version 3").waitFor();
    const rule = await ruleOf("Tomography prefers A40");
    expect(rule).toMatchObject({ version: 3, effects: { strategy: "pack" } });
    expect((await reasonsOf(rule?.id)).at(-1)).toBe("It did better.");
    expect(await require(page).count()).toBe(0);
    await page.context().close();
  });

  it("keeps a draft through a reload, in its fields and its text, and is asked before leaving", async () => {
    const page = await as("admin");
    await openRule(page, stage);
    const text = page.getByLabel("As text");
    await text.fill(
      '{ "when": { "role": "staff" }, "then": { "require": "gpu", "dedicate": true } }',
    );
    expect(await require(page).inputValue()).toBe("gpu");
    await page.getByRole("radio", { name: "Never" }).check({ force: true });
    expect(JSON.parse(await text.inputValue())).toEqual({
      when: { role: "staff" },
      then: { require: "gpu", dedicate: false },
    });
    await text.fill('{ "when": { "role": "staff", }');
    await page.getByText(/^Line 1, column 30: “"” is missing here/).waitFor();
    expect(await require(page).isDisabled()).toBe(true);
    await page.reload();
    expect(await text.inputValue()).toBe('{ "when": { "role": "staff", }');
    await button(page, "Go back to what the fields say").click();
    expect(await require(page).inputValue()).toBe("gpu");
    await page.getByText("draft", { exact: true }).waitFor();

    await page.getByRole("link", { name: "People" }).click();
    await button(page, "Stay").click();
    expect(new URL(page.url()).pathname).toBe("/admin/rules");
    await page.getByRole("link", { name: "People" }).click();
    await button(page, "Leave").click();
    await page.waitForURL(/users/);
    await page.getByRole("link", { name: "Scheduling" }).click();
    await page.getByText("draft", { exact: true }).waitFor();
    await names(page).filter({ hasText: "Tomography" }).getByText("Tomography").click();
    await button(page, "Discard").click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Discard" }).click();
    await expect.poll(() => require(page).inputValue()).toBe("gpu in (a40,a100)");
    expect(await page.getByText("draft", { exact: true }).count()).toBe(0);
    await page.context().close();
  });

  it("decides between what is theirs and what somebody else saved meanwhile", async () => {
    const page = await as("admin");
    await openRule(page, stage);
    await field(page, "Name").fill("Mine");
    await button(page, "Save…").click();
    await stage.db.execute(sql`
      with r as (update rules set version = 3, effects = '{"strategy": "pack"}'
        where name = 'Tomography prefers A40' returning *)
      insert into rule_versions (rule_id, version, name, priority, enabled, conditions, effects, author_name)
      select id, version, name, priority, enabled, conditions, effects, 'keeper' from r`);
    await give(page, "A better name.");
    await page
      .getByRole("dialog")
      .getByText("keeper has changed this rule meanwhile: version 3.")
      .waitFor();
    await button(page, "Keep mine").click();
    await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Mine: saved.").waitFor();
    expect(await ruleOf("Mine")).toMatchObject({ version: 4 });
    await page.context().close();
  });

  it("is asked again before a rule locks everyone out, and may mean it", async () => {
    const page = await as("admin");
    await openRule(page, stage);
    await require(page).fill("zone=moon");
    await button(page, "Save…").click();
    await give(page, "Hall 2 is closed.");
    await page
      .getByRole("dialog")
      .getByText(/^No node has these labels\. .*zone=moon/)
      .waitFor();
    expect(await ruleOf("Tomography prefers A40")).toMatchObject({ version: 2 });
    await button(page, "Save it all the same").click();
    await page.getByText("Tomography prefers A40: saved.").waitFor();
    expect(await ruleOf("Tomography prefers A40")).toMatchObject({ version: 3 });
    await page.context().close();
  });

  it("begins with an example where there are no rules, and deletes with a reason", async () => {
    await setRules(stage, 0);
    const page = await as("admin");
    await page.goto("/admin/rules");
    await page.getByText("No rules yet").waitFor();
    await button(page, "Begin with: Two desktops each, for five days").click();
    await button(page, "Save…").click();
    await give(page, "The semester begins.");
    await page.getByText("Two desktops each, for five days: saved.").waitFor();
    const rule = await ruleOf("Two desktops each, for five days");
    expect(rule?.effects).toEqual({ limits: { perPerson: 2 }, lifetime: { maxMinutes: 7200 } });
    await button(page, "More for Two desktops each, for five days").click();
    await page.getByRole("menuitem", { name: "Delete…" }).click();
    await page.getByText(/requests .* would fare otherwise/).waitFor();
    await give(page, "It is over.");
    await page.getByText("No rules yet").waitFor();
    expect((await reasonsOf(rule?.id)).at(-1)).toBe("It is over.");
    await page.context().close();
  });

  it("goes from the list to the rule to its preview on a phone", async () => {
    const { viewport, touch } = phone;
    const page = await as("admin", { viewport, touch });
    await page.goto("/admin/rules");
    await names(page).nth(1).getByText("Tomography prefers A40").click();
    await field(page, "Name").waitFor();
    await pane(page, "Preview");
    await page.getByText("Would move").waitFor();
    await page.context().close();
  });
});

const cell = (page: Page) => page.locator('[role="grid"] td[tabindex="0"]');

describe("reservations", () => {
  beforeEach(() => setReservations(stage, 0));

  it("have days that the keyboard goes to, however fast its keys come", async () => {
    const page = await as("admin");
    await page.goto("/admin/reservations?day=2030-11-20&view=month");
    await cell(page).focus();
    await page.evaluate(() => {
      const from = document.activeElement;
      for (const key of ["ArrowRight", "PageDown", "End"])
        from?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    });
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute("data-day")))
      .toBe("2030-12-22");
    await page.context().close();
  });

  it("are made on a day that the keyboard goes to, and refused with the numbers where they are too large", async () => {
    const page = await as("admin");
    await page.goto("/admin/reservations?day=2030-11-20&view=month");
    await cell(page).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("PageDown");
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.getAttribute("data-day")))
      .toBe("2030-12-21");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("What for").fill("Winter school");
    await dialog.getByRole("combobox", { name: "Experiment" }).fill("18342");
    await page.getByRole("option", { name: /^18342/ }).click();
    await dialog.getByLabel("Seats").fill("900");
    await dialog.getByRole("button", { name: "Reserve", exact: true }).click();
    await dialog
      .getByText(
        /^It asks for 900 seats; the \d+ nodes that it may be on could never hold more than \d+/,
      )
      .waitFor();
    await dialog.getByLabel("Seats").fill("2");
    await dialog.getByLabel("On nodes with these labels").fill("zone=hall-2,");
    await dialog.getByRole("button", { name: "Reserve", exact: true }).click();
    await dialog.getByText(/^Column 12: a label’s name is expected after “,”/).waitFor();
    await dialog.getByLabel("On nodes with these labels").fill("zone=hall-2");
    await dialog.getByRole("button", { name: "Reserve", exact: true }).click();
    await page.getByText("Winter school: created.").waitFor();
    const [made] = await stage.db.execute<{ seats: number; selector: string; day: string }>(sql`
      select seats, selector, to_char(from_at, 'YYYY-MM-DD') as day from reservations`);
    expect(made).toMatchObject({ seats: 2, selector: "zone=hall-2" });
    expect(made?.day).toMatch(/^2030-12-2[01]$/);

    await page
      .getByRole("button", { name: /^Winter school, for 18342/ })
      .first()
      .click();
    await page.getByRole("dialog").getByLabel("Seats").fill("3");
    await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Winter school: saved.").waitFor();
    await page
      .getByRole("button", { name: /^Winter school, for 18342/ })
      .first()
      .click();
    await button(page, "Cancel the reservation…").click();
    await button(page, "Cancel it").click();
    await page.getByText("Winter school: cancelled.").waitFor();
    await page.getByText(/^Nothing is reserved in this time/).waitFor();
    await page.context().close();
  });

  it("of their beamlines are the staff's, of others' they see nothing", async () => {
    await stage.db.execute(sql`
      insert into reservations (title, kind, beamline_id, from_at, until_at, seats, cpus, memory_bytes, created_by_name)
      select 'Of ' || code, 'beamline', id, now() + interval '1 day', now() + interval '2 days', 1, 1, 1073741824, 'admin'
      from beamlines`);
    const page = await as("keeper", { viewport: phone.viewport, touch: true });
    await page.goto("/admin/reservations");
    await page.getByRole("table").waitFor();
    expect(await page.getByText("Of OTHER").count()).toBe(0);
    expect(await page.locator("tbody tr").count()).toBe(1);
    await button(page, "Reserve").click();
    const kinds = page.getByRole("dialog").getByLabel("For", { exact: true }).locator("option");
    expect(await kinds.allInnerTexts()).toEqual(["Experiment", "Beamline"]);
    await page.context().close();
  });
});

describe("in German", () => {
  it.each([
    ["/admin/rules", "Regeln der Platzierung"],
    ["/admin/reservations", "Reservierungen"],
  ])("%s has its texts and room for them", async (path, title) => {
    await setReservations(stage, 8);
    const page = await as("admin", { locale: "de-DE" });
    await page.goto(path);
    await page.getByRole("heading", { name: title, level: 1 }).waitFor();
    for (const viewport of [{ width: 1440, height: 900 }, tablet.viewport, phone.viewport]) {
      await page.setViewportSize(viewport);
      await expect.poll(() => overflowOf(page)).toBe(0);
      expect(await clippedOf(page)).toEqual([]);
    }
    await page.context().close();
  });
});
