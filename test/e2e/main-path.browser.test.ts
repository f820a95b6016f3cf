import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agreement, launchBrowser, readCanvas, signIn, until, visit } from "../browser.ts";
import { containersOf, execIn, openTerminal, screenshotIn } from "../containers.ts";
import { startInstallation, type TestInstallation } from "../installation.ts";
import { untilSame } from "../same-picture.ts";

let installation: TestInstallation;
let browser: Browser;
let page: Page;
let complaints: string[];
let instanceId: string;
let containerId: string;

beforeAll(async () => {
  installation = await startInstallation();
  browser = await launchBrowser();
  ({ page, complaints } = await visit(browser, installation.url));
});
afterAll(async () => {
  await browser?.close();
  await installation?.remove();
});

describe("the main path, in a real browser", () => {
  it("signs in, with clear words for a wrong password", async () => {
    await page.getByLabel("Username", { exact: true }).fill("admin");
    await page.getByLabel("Password", { exact: true }).fill("not this one");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("This username and password do not belong together.").waitFor();
    await signIn(page, installation);
  });

  it("starts a desktop, and the first picture takes the timeline's place", async () => {
    await page.getByRole("button", { name: "Start", exact: true }).first().click();
    await page.waitForURL(/\/desktops\/[0-9a-f-]{36}$/);
    instanceId = page.url().slice(-36);
    await page.locator('[data-testid="desktop"] canvas').waitFor({ timeout: 60_000 });
    const [container] = await containersOf(instanceId);
    expect(container?.Names).toEqual([`/asci-${instanceId}-1`]);
    containerId = container?.Id ?? "";
  });

  it("shows at 1:1 what the desktop shows, on at least 98 % of the pixels", async () => {
    await until("the panel is on the screen", async () => {
      const marker = await execIn(containerId, ["ls", "/run/asci/panel"]);
      return marker.toString().includes("panel");
    });
    const share = await untilSame(page, containerId);
    expect(share).toBeGreaterThanOrEqual(0.98);
    const seen = await readCanvas(page);
    expect([seen?.width, seen?.height]).toEqual([1440, 900]);
  });

  it("does not agree with a blank Xvnc of the same size: the check can fail", async () => {
    const blank =
      "Xvnc :9 -rfbport -1 -rfbunixpath /tmp/blank.sock -SecurityTypes None -geometry 1440x900";
    await execIn(containerId, ["sh", "-c", `${blank} >/dev/null 2>&1 & sleep 0.1`]);
    const picture = await until("the blank display answers", () =>
      screenshotIn(containerId, ":9").catch(() => undefined),
    );
    const seen = await readCanvas(page);
    expect(seen && agreement(seen, picture)).toBeLessThan(0.98);
    await execIn(containerId, ["pkill", "-f", "Xvnc :9"]);
  });

  it("types into a terminal of the desktop, and the effect is inside the container", async () => {
    await page.locator('[data-testid="desktop"] canvas').click({ position: { x: 700, y: 400 } });
    await openTerminal(page.keyboard, containerId);
    await until("the shell writes the file", async () => {
      await page.keyboard.type("echo $((6*7)) $(id -un) > ~/proof", { delay: 10 });
      await page.keyboard.press("Enter");
      const proof = await execIn(containerId, ["sh", "-c", "sleep 0.3; cat ~/proof 2>/dev/null"]);
      return proof.toString() === "42 admin\n";
    });
  });

  it("lets a view ticket look and do nothing", async () => {
    const answer = await page.request.post(`/api/instances/${instanceId}/tickets`, {
      headers: { origin: installation.url },
      data: { permission: "view" },
    });
    const { url, protocols } = (await answer.json()) as { url: string; protocols: string[] };
    const mouse = () =>
      execIn(containerId, ["xdotool", "getmouselocation"], ["DISPLAY=:1"]).then(String);
    const before = await mouse();
    const seen = await page.evaluate(
      async ([address, ...offered]) => {
        const socket = new WebSocket(address ?? "", offered);
        socket.binaryType = "arraybuffer";
        let bytes = 0;
        socket.addEventListener("message", (event: MessageEvent<ArrayBuffer>) => {
          bytes += event.data.byteLength;
        });
        const until = async (count: number) => {
          while (bytes < count) await new Promise((resolve) => setTimeout(resolve, 20));
        };
        const say = (...values: number[]) => socket.send(new Uint8Array(values));
        await until(12);
        socket.send(new TextEncoder().encode("RFB 003.008\n"));
        await until(14);
        say(1);
        await until(18);
        say(1);
        await until(18 + 24);
        // A pointer far away with a button pressed, a key, then a request whose answer ends the wait.
        say(5, 1, 0, 9, 0, 9, 5, 0, 0, 9, 0, 9, 4, 1, 0, 0, 0, 0, 0, 0x61);
        const picture = bytes + 100_000;
        say(3, 0, 0, 0, 0, 0, 2, 0, 2, 0);
        say(3, 1, 0, 0, 0, 0, 2, 0, 2, 0);
        await until(picture);
        socket.close();
        return bytes;
      },
      [url, ...protocols],
    );
    expect(seen).toBeGreaterThan(100_000);
    expect(await mouse()).toBe(before);
  });

  it("survives a closed tab: coming back shows the same desktop", async () => {
    const context = page.context();
    await page.close();
    page = await context.newPage();
    await page.goto("/");
    await page.getByRole("button", { name: "Connect", exact: true }).first().click();
    await page.locator('[data-testid="desktop"] canvas').waitFor({ timeout: 60_000 });
    expect(await untilSame(page, containerId)).toBeGreaterThanOrEqual(0.98);
    expect((await containersOf(instanceId)).map((it) => it.Id)).toEqual([containerId]);
  });

  it("survives Ctrl-C and a new start of ASCI, and the viewer is back by itself", async () => {
    expect(await installation.interrupt()).toBe(0);
    expect((await containersOf(instanceId))[0]?.State).toBe("running");
    installation = await installation.startAgain();
    expect(await untilSame(page, containerId)).toBeGreaterThanOrEqual(0.98);
    expect((await containersOf(instanceId)).map((it) => it.Id)).toEqual([containerId]);
  });

  it("stops it, and the container is gone; the home stays", async () => {
    await page.goto("/");
    await page.getByRole("button", { name: "Stop", exact: true }).first().click();
    await page.getByRole("button", { name: "Undo", exact: true }).click();
    await page.getByRole("button", { name: "Connect", exact: true }).first().waitFor();
    expect((await containersOf(instanceId))[0]?.State).toBe("running");
    await page.getByRole("button", { name: "Stop", exact: true }).first().click();
    await until("the container is gone", async () => (await containersOf(instanceId)).length === 0);
    await page.getByText("Stopped").first().waitFor();
    await page.getByRole("button", { name: "Start again" }).first().click();
    const second = await until("a second incarnation", async () => {
      const [container] = await containersOf(instanceId);
      return container?.State === "running" && container;
    });
    expect(second.Names).toEqual([`/asci-${instanceId}-2`]);
    expect((await execIn(second.Id, ["cat", "/home/admin/proof"])).toString()).toBe("42 admin\n");
  });

  it("had nothing to complain about", () => {
    expect(complaints).toEqual([]);
  });
});
