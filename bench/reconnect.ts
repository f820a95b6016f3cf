/** A killed gateway: from the moment its successor listens until the desktop is visible again. */
import { connect } from "node:net";
import { readState } from "../cli/state-file.ts";
import { launchBrowser, signIn, until, visit } from "../test/browser.ts";
import type { TestInstallation } from "../test/installation.ts";
import { median } from "./figures.ts";
import type { BenchRow } from "./relay.ts";

export const shown = '[data-testid="desktop"][data-painted="true"]';

/** Resolves at the first moment something accepts on that port. */
export async function untilListens(url: string): Promise<number> {
  const { hostname, port } = new URL(url);
  for (;;) {
    const accepted = await new Promise<boolean>((resolve) => {
      const socket = connect(Number(port), hostname);
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("close", () => socket.destroy());
      setTimeout(() => socket.destroy(), 500).unref();
    });
    if (accepted) return performance.now();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export async function benchReconnect(
  installation: TestInstallation,
  { rounds = 5 } = {},
): Promise<BenchRow[]> {
  const browser = await launchBrowser();
  try {
    const { page } = await visit(browser, installation.url);
    await signIn(page, installation);
    await page.getByRole("button", { name: "Start", exact: true }).first().click();
    await page.locator(shown).waitFor();
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const gateway = (await readState(installation.dataDir))?.parts["gateway"];
      if (!gateway) throw new Error("the gateway's process is not known");
      process.kill(gateway.pid, "SIGKILL");
      await until("the picture is not live", async () => (await page.locator(shown).count()) === 0);
      const listens = await untilListens(installation.url);
      await page.locator(shown).waitFor({ timeout: 30_000 });
      times.push((performance.now() - listens) / 1000);
    }
    const seconds = median(times);
    return [
      {
        name: `reconnect: gateway listens → desktop visible, median of ${rounds}`,
        ours: seconds,
        unit: "s",
        goal: "≤ 2 s",
        pass: seconds <= 2,
      },
    ];
  } finally {
    await browser.close();
  }
}
