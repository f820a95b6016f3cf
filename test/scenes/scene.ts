import type { Browser, BrowserContext, Page } from "playwright-core";
import { visit, type VisitOptions } from "../browser.ts";
import type { Stage } from "../stage.ts";
import { keptCookieOf, type Person } from "./people.ts";
import type { Windows } from "./windows.ts";

/** Something that a person can come to see, as the way there. */
export interface Scene {
  readonly name: string;
  /** Who is signed in; null: nobody. */
  readonly as: Person | null;
  /** From a blank page to what is to be looked at. */
  open(page: Page, stage: Stage): Promise<void>;
  /** Undoes what others would see. */
  close?(stage: Stage, page: Page): Promise<void>;
  /** What the browser may complain of, where the scene is about a failure. */
  readonly complaints?: RegExp;
  /** Only where there is a touch screen. */
  readonly touch?: true;
}

export interface Device {
  readonly name: string;
  readonly viewport: { readonly width: number; readonly height: number };
  readonly touch: boolean;
}

export const phone: Device = { name: "phone", viewport: { width: 390, height: 844 }, touch: true };
export const tablet: Device = {
  name: "tablet",
  viewport: { width: 820, height: 1180 },
  touch: true,
};
export const laptop: Device = {
  name: "laptop",
  viewport: { width: 1440, height: 900 },
  touch: false,
};
export const narrow: Device = {
  name: "narrow",
  viewport: { width: 360, height: 640 },
  touch: true,
};
export interface Opened {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly complaints: string[];
  /** `failed`: its window is not used again. */
  close(failed?: boolean): Promise<void>;
}

interface PlayOptions extends Omit<VisitOptions, "viewport" | "touch" | "cookie"> {
  /** Default: a new window, which is closed in the end. */
  readonly windows?: Windows;
}

/** Plays a scene in a window of its own, or in one of those that are given. */
export async function play(
  browser: Browser,
  stage: Stage,
  scene: Scene,
  device: Device,
  { windows, ...options }: PlayOptions = {},
): Promise<Opened> {
  const { viewport, touch } = device;
  const cookie = scene.as === null ? undefined : await keptCookieOf(stage, scene.as);
  const opened =
    (await windows?.take(device, cookie)) ??
    (await visit(browser, stage.installation.url, {
      viewport,
      touch,
      ...options,
      ...(cookie === undefined ? {} : { cookie }),
    }));
  const close = async (failed = false): Promise<void> => {
    await scene.close?.(stage, opened.page);
    await (failed || windows === undefined
      ? opened.context.close()
      : windows.giveBack(device, opened));
  };
  try {
    await scene.open(opened.page, stage);
  } catch (error) {
    await close(true);
    // A report has messages, and not their causes.
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the scene ${scene.name} on the ${device.name}: ${why}`, { cause: error });
  }
  return { ...opened, close };
}
