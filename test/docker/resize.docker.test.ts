import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientMessages } from "../../controller/relay/rfb-testing.ts";
import { ensureBaseImage } from "../../images/build.ts";
import { startTestDesktop, testPasswords, type TestDesktop } from "../../images/testing.ts";
import { RfbClient } from "../rfb-client.ts";

const docker = new Docker();
let desktop: TestDesktop;

beforeAll(async () => {
  const { id } = await ensureBaseImage(docker, { onProgress: () => {} });
  desktop = await startTestDesktop(docker, { image: id });
  await desktop.appears("panel");
});
afterAll(() => desktop?.remove());

const connect = (): Promise<RfbClient> =>
  RfbClient.connect({
    root: desktop.display,
    password: testPasswords.control,
    extensions: true,
  });

describe("a desktop that one person looks at on two screens", () => {
  it("lives through a resize that moves the pointer out of a window", async () => {
    const terminal = "nohup mate-terminal --geometry 80x24+500+250 </dev/null >/dev/null 2>&1 &";
    const look = "xdotool search --onlyvisible --class mate-terminal getwindowgeometry";
    const found = await desktop.run(`${terminal}\nuntil ${look}; do sleep 0.1; done`);
    const place = /Position: (\d+),(\d+)/.exec(found);
    if (!place) throw new Error(`no place in ${found}`);
    const [x, y] = [Number(place[1]) + 100, Number(place[2]) + 100];
    const [other, mine] = [await connect(), await connect()];
    // It is told of the pointer's new shape at once, in the midst of the resize.
    other.send(clientMessages.continuousUpdates(true));
    expect(await other.picture()).toBe(true);
    for (const [width, height] of [
      [390, 787],
      [1440, 900],
      [820, 1180],
      [2560, 1440],
      [390, 787],
    ] as const) {
      mine.send(clientMessages.pointer(x, y));
      expect(await mine.picture()).toBe(true);
      mine.send(clientMessages.desktopSize(width, height));
      expect(await mine.picture()).toBe(true);
      expect(await other.picture()).toBe(true);
      expect(await desktop.run("xdotool getdisplaygeometry")).toBe(`${width} ${height}\n`);
    }
    mine.close();
    other.close();
  });
});
