/** Rules of placement, and capacity that is reserved. */
import { sql } from "drizzle-orm";
import type { Page } from "playwright-core";
import type { Stage } from "../stage.ts";
import { button } from "./admin-steps.ts";
import { reservationScenes } from "./reservations.ts";
import type { Scene } from "./scene.ts";

const gib = 2 ** 30;
const long =
  "Kleinwinkelstreuungsdatenreduktionsarbeitsgruppe: in-situ Röntgenmikrotomographie under load";

interface RuleProp {
  readonly name: string;
  readonly enabled?: boolean;
  readonly when: object;
  readonly then: object;
}

const rules: readonly RuleProp[] = [
  { name: "IMBL beamtime, own node", when: { beamline: "IMBL" }, then: { dedicate: true } },
  {
    name: "Tomography prefers A40",
    when: { environment: "tomography", role: "user" },
    then: {
      require: "gpu in (a40,a100)",
      prefer: [
        { selector: "zone=hall-2", weight: 10 },
        { selector: "!maintenance", weight: 20 },
      ],
      strategy: "spread",
      resources: { cpus: 2, memoryBytes: 8 * gib },
      lifetime: { maxMinutes: 7200 },
    },
  },
  {
    name: "Students: two desktops, no GPU",
    when: { role: "user" },
    then: { limits: { perPerson: 2 }, resources: { gpus: 0 } },
  },
  { name: "Pack notebooks on small nodes", when: { kind: "service" }, then: { strategy: "pack" } },
  {
    name: "Winter school",
    enabled: false,
    when: { from: "2026-01-12T08:00:00Z", until: "2026-01-16T17:00:00Z" },
    then: { priority: 50 },
  },
];

/** So many rules and no others, in order, each with a version before this one. */
export async function setRules(stage: Stage, count: number): Promise<void> {
  await stage.db.execute(sql`delete from rules`);
  for (let at = 0; at < count; at += 1) {
    const of = rules[at % rules.length];
    if (of === undefined) continue;
    const name = at === 6 ? long : at < rules.length ? of.name : `${of.name} ${at}`;
    const [when, then] = [JSON.stringify(of.when), JSON.stringify(of.then)];
    await stage.db.execute(sql`
      with r as (
        insert into rules (name, priority, enabled, conditions, effects, version, updated_at)
        values (${name}, ${(count - at) * 10}, ${of.enabled ?? true}, ${when}::jsonb, ${then}::jsonb, 2,
          now() - interval '3 days') returning *)
      insert into rule_versions
        (rule_id, version, name, priority, enabled, conditions, effects, author_name, reason, at)
      select id, v, name, priority, enabled, conditions,
        case when v = 1 then '{"strategy": "pack"}'::jsonb else effects end, 'keeper',
        case when v = 1 then 'The first try'
          else 'The nodes in hall 2 were idle while those in hall 1 had a queue of an hour.' end,
        now() - (3 - v) * interval '3 days'
      from r, generate_series(1, 2) v`);
  }
}

/** Where there is no room for three panes, one of them. */
export async function pane(page: Page, name: "Rules" | "Rule" | "Preview"): Promise<void> {
  const tab = page.getByRole("tab", { name: new RegExp(`^${name}( \\(|$)`) });
  if (await tab.isVisible()) await tab.click();
}

export const previewed = (page: Page) => page.locator('[data-phase="done"]').waitFor();

/** The page with a rule chosen, and its preview there. */
export async function openRule(page: Page, stage: Stage, name = "Tomography prefers A40") {
  const [rule] = await stage.db.execute<{ id: string }>(
    sql`select id from rules where name = ${name}`,
  );
  await page.goto(`/admin/rules?rule=${rule?.id}`);
  await page.getByRole("list", { name: "Scheduling rules" }).waitFor();
  await pane(page, "Rule");
  await page.getByRole("textbox", { name: "Name", exact: true }).waitFor();
  await page.locator('[data-phase="done"]').waitFor({ state: "attached" });
}

const require = (page: Page) => page.getByRole("combobox", { name: "Require", exact: true });

function scene(name: string, act: (page: Page, stage: Stage) => Promise<void>, count = 5): Scene {
  return {
    name: `rules-${name}`,
    as: "admin",
    async open(page, stage) {
      await setRules(stage, count);
      await openRule(page, stage);
      await act(page, stage);
    },
  };
}

const dialog = (page: Page) => page.getByRole("dialog").waitFor();

async function change(page: Page): Promise<void> {
  await require(page).fill("zone=moon");
  await button(page, "Save…").click();
  await page.getByRole("dialog").getByLabel("Why").fill("Hall 2 is closed in December.");
}

const editing: readonly Scene[] = [
  scene("list", (page) => pane(page, "Rules")),
  scene("rule", () => Promise.resolve()),
  scene("forty", (page) => pane(page, "Rules"), 40),
  scene("fault", async (page) => {
    await require(page).fill("gpu in (a40, a100");
    await page.getByText(/^Column 14: the list is not closed/).waitFor();
    await page.keyboard.press("Escape");
  }),
  scene("suggestions", async (page) => {
    await require(page).fill("");
    await page.keyboard.press("ArrowDown");
    await page.getByRole("listbox").waitFor();
  }),
  scene("text-fault", async (page) => {
    await page
      .getByLabel("As text")
      .fill('{\n  "when": { "moon": 1 },\n  "then": { "require": "gpu in (a40" }\n}');
    await page.getByText(/^Line 2, column 13/).waitFor();
  }),
  scene("condition", async (page) => {
    await button(page, "Add a condition").click();
    await page.getByRole("menu").waitFor();
  }),
  scene("preview", async (page) => {
    await require(page).fill("zone=moon");
    await pane(page, "Preview");
    await page.getByText("No node has these labels").first().waitFor();
  }),
  scene("past", async (page) => {
    await pane(page, "Preview");
    await page.locator("label", { hasText: "Last 7 days" }).click();
  }),
  scene("what-if", async (page) => {
    await pane(page, "Preview");
    await page.locator("label", { hasText: "What if…" }).click();
    const asked = page.getByRole("combobox", { name: "Environment" }).last();
    await asked.fill("tomography");
    await page.keyboard.press("Enter");
    await page.getByRole("combobox", { name: "Person" }).last().fill("one");
    await page.keyboard.press("Enter");
    await page.getByRole("table", { name: "What every node says" }).waitFor();
  }),
];

const dialogs: readonly Scene[] = [
  scene("save", async (page) => {
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("Tomography needs an A40");
    await button(page, "Save…").click();
    await dialog(page);
  }),
  {
    ...scene("locks-out", async (page) => {
      await change(page);
      await button(page, "Save").click();
      await page.getByText("This would lock people out.").waitFor();
    }),
    complaints: /409/,
  },
  {
    ...scene("changed", async (page, stage) => {
      await page.getByRole("textbox", { name: "Name", exact: true }).fill("Mine");
      await button(page, "Save…").click();
      await page.getByRole("dialog").getByLabel("Why").fill("A better name.");
      await stage.db.execute(sql`
        with r as (update rules set version = 3, effects = '{"strategy": "pack"}'
          where name = 'Tomography prefers A40' returning *)
        insert into rule_versions (rule_id, version, name, priority, enabled, conditions, effects, author_name)
        select id, version, name, priority, enabled, conditions, effects, 'keeper' from r`);
      await button(page, "Save").click();
      await button(page, "Keep mine").waitFor();
    }),
    complaints: /409/,
  },
  scene("versions", async (page) => {
    await button(page, "Versions").click();
    await button(page, "Restore version 1…").waitFor();
  }),
  scene("delete", async (page) => {
    await button(page, "More for Tomography prefers A40").click();
    await page.getByRole("menuitem", { name: "Delete…" }).click();
    await page.getByText(/requests .* would fare otherwise/).waitFor();
  }),
  scene("order", async (page) => {
    await pane(page, "Rules");
    await button(page, "Move Tomography prefers A40 up").click();
    await button(page, "Save the order…").click();
    await dialog(page);
  }),
];

const others: readonly Scene[] = [
  {
    name: "rules-none",
    as: "admin",
    async open(page, stage) {
      await setRules(stage, 0);
      await page.goto("/admin/rules");
      await page.getByRole("button", { name: "New", exact: true }).waitFor();
      await pane(page, "Rule");
      await page.getByText("No rules yet").waitFor();
    },
  },
  {
    name: "rules-one",
    as: "admin",
    async open(page, stage) {
      await setRules(stage, 1);
      await openRule(page, stage, "IMBL beamtime, own node");
    },
  },
  {
    name: "rules-new",
    as: "admin",
    async open(page, stage) {
      await setRules(stage, 5);
      await page.goto("/admin/rules?rule=new");
      await page.getByRole("list", { name: "Scheduling rules" }).waitFor();
      await pane(page, "Rule");
      await button(page, "Save…").waitFor();
    },
  },
  {
    name: "rules-error",
    as: "admin",
    complaints: /ERR_FAILED/,
    async open(page) {
      await page.route("**/api/admin/rules?*", (route) => route.abort());
      await page.goto("/admin/rules");
      await button(page, "Try again").waitFor({ timeout: 60_000 });
    },
  },
];

export const ruleScenes: readonly Scene[] = [
  ...others,
  ...editing,
  ...dialogs,
  ...reservationScenes,
];
