import type { Browser } from "playwright-core";
import { visit, type Visitor } from "../browser.ts";
import type { Device } from "./scene.ts";

/** A window for each device, used by one scene after the other: a new one takes longer than most scenes do. */
export interface Windows {
  /** A blank page, as if nobody had used it. `cookie`: `name=value`. */
  take(device: Device, cookie: string | undefined): Promise<Visitor>;
  /** Takes away what a scene left in it. Where a scene failed, its window is closed and not given back. */
  giveBack(device: Device, visitor: Visitor): Promise<void>;
}

/** @param url of the installation that all scenes are at */
export function createWindows(browser: Browser, url: string): Windows {
  const free = new Map<Device, Visitor>();
  return {
    async take(device, cookie) {
      const kept = free.get(device);
      free.delete(device);
      const { viewport, touch } = device;
      if (kept === undefined)
        return visit(browser, url, { viewport, touch, ...(cookie && { cookie }) });
      const { context, page } = kept;
      kept.complaints.length = 0;
      await page.setViewportSize(viewport);
      const [name, value] = cookie?.split("=") ?? [];
      if (name && value) await context.addCookies([{ name, value, url }]);
      else await page.goto("/");
      return kept;
    },
    async giveBack(device, visitor) {
      const { context, page } = visitor;
      await context.setOffline(false);
      await page.unrouteAll({ behavior: "ignoreErrors" });
      await page.evaluate(() => {
        localStorage.clear();
        sessionStorage.clear();
      });
      // Not a blank page: for what comes from elsewhere Chromium begins a process anew, which takes as long as a scene.
      await page.goto("/healthz");
      await context.clearCookies();
      free.set(device, visitor);
    },
  };
}
