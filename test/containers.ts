/** What is looked at inside desktops' containers, through the engine. */
import Docker from "dockerode";
import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Keyboard } from "playwright-core";
import { until } from "../cli/until.ts";
import type { Picture } from "./browser.ts";

const docker = new Docker();

/** Containers of one instance, running or not. */
export async function containersOf(instanceId: string): Promise<Docker.ContainerInfo[]> {
  return docker.listContainers({
    all: true,
    filters: { label: [`asci.instance=${instanceId}`] },
  });
}

/** Runs a command as the desktop's person and gives its standard output. */
export async function execIn(
  containerId: string,
  command: string[],
  env: string[] = [],
): Promise<Buffer> {
  const exec = await docker.getContainer(containerId).exec({
    Cmd: command,
    Env: env,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({});
  const [out, errors] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, out, errors);
  stream.on("end", () => {
    out.end();
    errors.end();
  });
  const [bytes] = await Promise.all([buffer(out), buffer(errors)]);
  return bytes;
}

/** Binary PPM, as the image's screenshot helper writes it. */
function parsePpm(bytes: Buffer): Picture {
  const header = /^P6\s(\d+) (\d+)\s255\s/.exec(bytes.subarray(0, 40).toString("latin1"));
  if (!header) throw new Error(`no picture but: ${bytes.subarray(0, 200).toString()}`);
  return {
    width: Number(header[1]),
    height: Number(header[2]),
    rgb: bytes.subarray(header[0].length),
  };
}

/** The screen of a display inside a container. */
export async function screenshotIn(containerId: string, display = ":1"): Promise<Picture> {
  return parsePpm(await execIn(containerId, ["/usr/lib/asci/screenshot"], [`DISPLAY=${display}`]));
}

/** A terminal by the desktop's own way, with the keyboard of whoever looks at it; the focus has to be on the desktop. */
export async function openTerminal(
  keyboard: Pick<Keyboard, "press" | "type">,
  containerId: string,
): Promise<void> {
  const asked = async (...command: string[]) =>
    (await execIn(containerId, ["xdotool", ...command], ["DISPLAY=:1"])).toString().trim();
  await keyboard.press("Alt+F2");
  // A dialog is there before it has the keyboard, and what is typed until then is lost.
  await until(
    "the run dialog has the keyboard",
    async () => (await asked("getactivewindow", "getwindowname")) === "Run Application",
  );
  await keyboard.type("mate-terminal", { delay: 10 });
  await keyboard.press("Enter");
  await until(
    "the terminal",
    async () => (await asked("search", "--onlyvisible", "--class", "mate-terminal")) !== "",
  );
}
