/** What a viewer sees of windows that are moved is what the display has. */
import { setTimeout as pause } from "node:timers/promises";
import Docker from "dockerode";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clientMessages } from "../../controller/relay/rfb-testing.ts";
import { screenshotIn } from "../../test/containers.ts";
import { RfbClient } from "../../test/rfb-client.ts";
import { ensureBaseImage } from "../build.ts";
import { startTestDesktop, testPasswords, type TestDesktop } from "../testing.ts";

const limitMs = 60_000;
let desktop: TestDesktop;
let viewer: RfbClient;

beforeAll(async () => {
  const docker = new Docker();
  const { image } = await ensureBaseImage(docker);
  desktop = await startTestDesktop(docker, { image });
  await desktop.appears("panel");
  viewer = await RfbClient.connect({
    root: desktop.display,
    password: testPasswords.control,
    follow: true,
  });
}, 1_200_000);

afterAll(async () => {
  viewer.close();
  await desktop.remove();
});

/** Rows of the viewer's picture that are not the display's. */
async function wrongRows(): Promise<number[]> {
  const { width, height, pixels } = viewer.screen;
  const { rgb } = await screenshotIn(desktop.container.id);
  return Array.from({ length: height }, (_, row) => row).filter((row) => {
    for (let at = row * width; at < (row + 1) * width; at += 1) {
      const same =
        pixels[4 * at] === rgb[3 * at + 2] &&
        pixels[4 * at + 1] === rgb[3 * at + 1] &&
        pixels[4 * at + 2] === rgb[3 * at];
      if (!same) return true;
    }
    return false;
  });
}

/** Where the window is, its frame left out; undefined while there is none. */
async function position(): Promise<{ x: number; y: number } | undefined> {
  const words = await desktop.run(
    "xwininfo -id $(xdotool search --onlyvisible --class mate-terminal | head -1) || true",
  );
  const [x, y] = ["X", "Y"].map((it) => RegExp(`upper-left ${it}: +(\\d+)`).exec(words)?.[1]);
  return x === undefined || y === undefined ? undefined : { x: Number(x), y: Number(y) };
}

/** By its title bar; on a busy machine a window may not be ready to be taken hold of. */
async function drag({ x, y }: { x: number; y: number }, dx: number, dy: number): Promise<void> {
  const steps = 20;
  const [fromX, fromY] = [x + 200, y - 18];
  viewer.send(clientMessages.pointer(fromX, fromY));
  for (let step = 0; step <= steps; step += 1) {
    const at = [fromX + (dx * step) / steps, fromY + (dy * step) / steps].map(Math.round);
    viewer.send(clientMessages.pointer(at[0] ?? 0, at[1] ?? 0, 1));
    // The speed of a hand: all at once would be one step.
    await pause(16);
  }
  viewer.send(clientMessages.pointer(fromX + dx, fromY + dy));
}

async function moveBy(dx: number, dy: number): Promise<void> {
  const before = (await position()) ?? expect.fail("there is no window");
  const dragged = async () => {
    await drag(before, dx, dy);
    return position();
  };
  await expect.poll(dragged, { timeout: limitMs, interval: 1000 }).not.toEqual(before);
}

it("follows a window that is dragged by its title bar", { timeout: 4 * limitMs }, async () => {
  // Its cursor would blink between the two looks. The end of the command's terminal must not end it,
  // even before it has a session of its own.
  await desktop.run(
    `dconf write /org/mate/terminal/profiles/default/cursor-blink-mode "'off'"; ` +
      "nohup setsid -f mate-terminal --geometry 80x20+200+200 >/dev/null 2>&1",
  );
  await expect.poll(position, { timeout: limitMs }).toBeDefined();
  for (const [dx, dy] of [
    [150, 120],
    [-90, 77],
    [33, -140],
    [100, 100],
    [-100, -80],
    [60, 90],
  ] as const) {
    await moveBy(dx, dy);
    await expect.poll(wrongRows, { timeout: 20_000 }).toEqual([]);
  }
});
