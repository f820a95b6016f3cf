import type { Page } from "playwright-core";
import { agreement, readCanvas, until } from "./browser.ts";
import { screenshotIn } from "./containers.ts";

/** Waits until the canvas is 1:1 with the desktop and shows what the desktop shows. */
export async function untilSame(desktop: Page, container: string): Promise<number> {
  return until("the canvas agrees with the desktop", async () => {
    const [seen, real] = [await readCanvas(desktop), await screenshotIn(container)];
    const share = seen ? agreement(seen, real) : 0;
    return share >= 0.98 && share;
  });
}
