/** Everything that a person can come to see, on each device, in light and dark: free of faults. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchShell } from "../browser.ts";
import {
  clippedOf,
  faultsOf,
  overflowOf,
  smallTargets,
  type ReadableLooks,
} from "../scenes/checks.ts";
import { administration } from "../scenes/admin.ts";
import { failures } from "../scenes/failures.ts";
import { imports } from "../scenes/imports.ts";
import { pages } from "../scenes/pages.ts";
import { ruleScenes } from "../scenes/rules.ts";
import { setScenes } from "../scenes/people.ts";
import { laptop, phone, play, tablet, type Device, type Scene } from "../scenes/scene.ts";
import { viewer } from "../scenes/viewer.ts";
import { createWindows, type Windows } from "../scenes/windows.ts";
import { openStage, type Stage } from "../stage.ts";

let stage: Stage;
let browser: Browser;
let windows: Windows;
const readable: ReadableLooks = new Set();

beforeAll(async () => {
  stage = await openStage();
  await setScenes(stage);
  browser = await launchShell();
  windows = createWindows(browser, stage.installation.url);
});
afterAll(async () => {
  await browser?.close();
  await stage?.remove();
});

/** In which nothing may stick out: those above, small phones, 400 % on a laptop, and a phone on its side. */
const sizes = [
  [360, 640],
  [320, 568],
  [844, 390],
] as const;

/** What a finger has to hit: WCAG 2.2's enhanced size on touch screens, its least with a mouse. */
const leastTarget = (device: Device): number => (device.touch ? 44 : 24);
/** At the very edge a finger cannot miss; more would cover the desktop below. */
const edgeTab = /aria-label="Show the bar"/;

async function paint(page: Page, colorScheme: "light" | "dark"): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.waitForFunction(
    (scheme) => document.documentElement.dataset["theme"] === scheme,
    colorScheme,
  );
  // What floats is put in its place with the next frames.
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );
}

async function look(page: Page, device: Device): Promise<void> {
  for (const scheme of ["light", "dark"] as const) {
    await paint(page, scheme);
    // The dark theme has other colours and nothing else.
    const rules = scheme === "light" ? "all" : "colours";
    expect({ scheme, faults: await faultsOf(page, rules, readable) }).toEqual({
      scheme,
      faults: [],
    });
  }
  expect(await overflowOf(page)).toBe(0);
  expect(await clippedOf(page)).toEqual([]);
  const small = await smallTargets(page, leastTarget(device));
  expect(small.filter((it) => !edgeTab.test(it))).toEqual([]);
}

/** What floats is put in its place a moment after the window has changed. */
async function resize(page: Page, width: number, height: number): Promise<void> {
  await page.setViewportSize({ width, height });
  const found = async () => ({ over: await overflowOf(page), clipped: await clippedOf(page) });
  await expect.poll(found, { message: `${width} wide` }).toEqual({ over: 0, clipped: [] });
}

/** A phone's window becomes a tablet's: both have a touch screen, and the rest is what the style sheets make of it. */
async function check(scene: Scene, device: Device): Promise<void> {
  const { page, complaints, close } = await play(browser, stage, scene, device, { windows });
  let failed = true;
  try {
    await look(page, device);
    for (const [width, height] of device === phone ? sizes : []) await resize(page, width, height);
    if (device === phone && !seldom.has(scene)) {
      await resize(page, tablet.viewport.width, tablet.viewport.height);
      // Where the phone was scrolled to, the page's head may cover half of something.
      await page.evaluate(() => window.scrollTo(0, 0));
      await look(page, tablet);
    }
    expect(complaints.filter((it) => scene.complaints?.test(it) !== true)).toEqual([]);
    failed = false;
  } finally {
    await close(failed);
  }
}

/**
 * A tablet shows the administration as a phone does, with cards and dialogs side by side: there a third of
 * its scenes is looked at.
 */
const ofAdministration = [...administration, ...imports, ...ruleScenes];
const seldom = new Set<Scene>([...ofAdministration.filter((_, n) => n % 3 !== 0), ...failures]);

describe.each([phone, laptop])("on a $name", (device) => {
  const scenes = [...pages, ...viewer].filter((it) => device.touch || it.touch !== true);
  it.each(scenes)("$name", (scene) => check(scene, device));
});

describe("while something is away", () => {
  it.each(failures)("$name", async (scene) => {
    await check(scene, phone);
  });
});
