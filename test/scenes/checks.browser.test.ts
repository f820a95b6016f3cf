/** The checks of scenes find what they are for. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchShell } from "../browser.ts";
import { faultsOf } from "./checks.ts";

let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await launchShell();
  page = await browser.newPage();
});
afterAll(() => browser?.close());

/** A page without any other fault. */
async function show(body: string): Promise<void> {
  await page.setContent(`<!doctype html><html lang="en"><title>Rows</title>
    <style>td, p { color: #333 } .pale { color: #bbb } .dark { background: #222 } .under { opacity: 0.3 }</style>
    <main><h1>Rows</h1>${body}</main>`);
}
const row = (text: string, more = "") => `<tr><td${more}>${text}</td></tr>`;
const table = (rows: readonly string[]) => `<table><tbody>${rows.join("")}</tbody></table>`;
const many = Array.from({ length: 40 }, (_, n) => row(`cell ${n}`));

it("finds nothing where nothing is hard to read", async () => {
  await show(table(many));
  expect(await faultsOf(page)).toEqual([]);
});

it.each([
  ["of another colour", row("odd", ' class="pale"')],
  ["of another colour by itself", row("odd", ' style="color: #bbb"')],
  ["on another ground", row("odd", ' class="dark"')],
  ["half seen through", row("odd", ' class="under"')],
])("finds the one among many that is %s, in each theme's look", async (_, odd) => {
  await show(table([...many, odd, ...many]));
  expect(await faultsOf(page)).toEqual([expect.stringMatching(/^color-contrast: .*odd/)]);
  expect(await faultsOf(page, "colours")).toHaveLength(1);
});

it("finds what is typed into a field, and tells of what is alike once", async () => {
  const field = '<label>Name <input value="Ada" class="pale"></label>';
  await show(`${field}${table(many.map((it) => it.replace("<td>", '<td class="pale">')))}`);
  const faults = await faultsOf(page);
  expect(faults.filter((it) => it.includes("<input"))).toHaveLength(1);
  expect(faults.filter((it) => it.includes("<td"))).toHaveLength(1);
});

it("judges on a further page what is new there, and again what was hard to read", async () => {
  const readable = new Set<number>();
  await show(table(many));
  expect(await faultsOf(page, "all", readable)).toEqual([]);
  expect(readable.size).toBeGreaterThan(0);
  for (const _ of ["once", "and again"]) {
    await show(table([...many, row("odd", ' class="pale"')]));
    expect(await faultsOf(page, "all", readable)).toEqual([
      expect.stringMatching(/^color-contrast: .*odd/),
    ]);
  }
});

it("does not take for readable what lies behind something", async () => {
  const readable = new Set<number>();
  const cover = '<div style="position: absolute; inset: 0; background: #333"></div>';
  await show(`<p>behind</p>${cover}`);
  await faultsOf(page, "colours", readable);
  const before = readable.size;
  await show("<p>behind</p>");
  await faultsOf(page, "colours", readable);
  expect(readable.size).toBeGreaterThan(before);
});
