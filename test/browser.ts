/** A real browser for tests, and the ways through the pages that several of them take. */
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import type { TestInstallation } from "./installation.ts";

export { until } from "../cli/until.ts";

const laptop = { width: 1440, height: 900 };

export const browserOptions = {
  executablePath: "/usr/bin/chromium",
  args: [
    // Root in a container-like sandbox has no user namespaces to give.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

export function launchBrowser(): Promise<Browser> {
  return chromium.launch(browserOptions);
}

/**
 * Chromium's engine without the browser around it, where Debian has it: a window costs a fraction. For tests that
 * open many of them and look at pages alone.
 */
export function launchShell(): Promise<Browser> {
  const shell = "/usr/bin/chromium-headless-shell";
  return chromium.launch(
    existsSync(shell) ? { ...browserOptions, executablePath: shell } : browserOptions,
  );
}

export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the page complained about: errors, refused content, failed requests. */
  readonly complaints: string[];
}

export interface VisitOptions {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly dark?: boolean;
  readonly touch?: boolean;
  /** Pictures are taken with this many pixels for one of CSS. */
  readonly scale?: number;
  /** Default: English as in Australia. */
  readonly locale?: string;
  /** `name=value`: signed in from the start; then nothing is opened yet. */
  readonly cookie?: string;
}

/**
 * How Chromium tells that links came or went: by their error, or by what it does about them meanwhile, its page for
 * errors or a load of its own of the same address.
 */
const networkChanged =
  /ERR_NETWORK_CHANGED|interrupted by another navigation to "chrome-error:|Navigation to "([^"]+)" is interrupted by another navigation to "\1"/;

/** A container that is started is several changes, one after the other: each try leaves them more time. */
async function steadily<T>(load: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await load();
    } catch (error) {
      if (tries === 10 || !networkChanged.test(String(error))) throw error;
      await sleep(tries * 50);
    }
  }
}

/** Links that come and go on this machine, other tests' for example, end what Chromium is just loading: then again. */
function loadSteadily(page: Page): void {
  const goTo = page.goto.bind(page);
  const reload = page.reload.bind(page);
  page.goto = (...way) => steadily(() => goTo(...way));
  page.reload = (...way) => steadily(() => reload(...way));
}

/** A window of one's own at the installation's address. */
export async function visit(
  browser: Browser,
  url: string,
  options: VisitOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: options.viewport ?? laptop,
    colorScheme: options.dark ? "dark" : "light",
    hasTouch: options.touch ?? false,
    deviceScaleFactor: options.scale ?? 1,
    locale: options.locale ?? "en-AU",
    reducedMotion: "reduce",
  });
  context.on("page", loadSteadily);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // Asking who is signed in answers 401 before anyone is.
    // Links that come and go on this machine, other tests' for example, end requests on their way.
    const expected = /401 \(Unauthorized\)|ERR_NETWORK_CHANGED/.test(message.text());
    if (message.type() === "error" && !expected) complaints.push(message.text());
  });
  const [name, value] = options.cookie?.split("=") ?? [];
  if (name && value) await context.addCookies([{ name, value, url }]);
  else await page.goto("/");
  return { context, page, complaints };
}

export async function signIn(page: Page, installation: TestInstallation): Promise<void> {
  await page.getByLabel("Username", { exact: true }).fill("admin");
  await page.getByLabel("Password", { exact: true }).fill(installation.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: "Start", exact: true }).first().waitFor();
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** RGB, three bytes a pixel. */
  readonly rgb: Uint8Array;
}

/** What noVNC's canvas holds, pixel for pixel; undefined before there is one. */
export async function readCanvas(page: Page): Promise<Picture | undefined> {
  const read = await page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('[data-testid="desktop"] canvas');
    const context = canvas?.getContext("2d");
    if (!canvas || !context || canvas.width === 0) return undefined;
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let text = "";
    const part = 0x8000;
    for (let at = 0; at < data.length; at += part)
      text += String.fromCharCode(...data.subarray(at, at + part));
    return { width: canvas.width, height: canvas.height, rgba: btoa(text) };
  });
  if (!read) return undefined;
  const rgba = Buffer.from(read.rgba, "base64");
  const rgb = new Uint8Array(read.width * read.height * 3);
  for (let pixel = 0; pixel < read.width * read.height; pixel++)
    rgb.set(rgba.subarray(pixel * 4, pixel * 4 + 3), pixel * 3);
  return { width: read.width, height: read.height, rgb };
}

/** The share of pixels in which two pictures agree, each channel within 8; 0 for another size. */
export function agreement(a: Picture, b: Picture): number {
  if (a.width !== b.width || a.height !== b.height) return 0;
  const pixels = a.width * a.height;
  let same = 0;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const near = [0, 1, 2].every((channel) => {
      const at = pixel * 3 + channel;
      return Math.abs((a.rgb[at] ?? 0) - (b.rgb[at] ?? 255)) <= 8;
    });
    if (near) same += 1;
  }
  return same / pixels;
}
