import { readFile } from "node:fs/promises";
import { join } from "node:path";
import postgres from "postgres";
import type { Browser, Page, WebSocket } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ensureSecrets } from "../../cli/data-folder.ts";
import { processesIn, signalProcess, waitForEnd } from "../../cli/process-identity.ts";
import { readState } from "../../cli/state-file.ts";
import { closeCodes } from "../../wire/close-codes.ts";
import { agreement, launchBrowser, readCanvas, signIn, until, visit } from "../browser.ts";
import { containersOf, execIn, screenshotIn } from "../containers.ts";
import { startInstallation, type TestInstallation } from "../installation.ts";
import { askUpgrade } from "../upgrade.ts";

type Part = "gateway" | "relay" | "controller";

let installation: TestInstallation;
let browser: Browser;
let page: Page;
let instanceId: string;
let containerId: string;
/** All that was typed while there was a connection: the desktop must have got this and nothing else. */
let typed = "";
const streams: { readonly socket: WebSocket; frames: number }[] = [];

const display = ["DISPLAY=:1"];
const live = (on = page) => on.locator('[data-testid="desktop"][data-painted="true"]');
const inDesktop = (command: string) =>
  execIn(containerId, ["sh", "-c", command], display).then(String);

/** A window of the desktop that writes down every key as it comes. */
async function openNotebook(): Promise<void> {
  const program = "stty -icanon -echo; exec tee /home/admin/typed";
  // The session's last own window comes first: it would take the focus away.
  await until("the file manager's desktop is there", async () =>
    /\d/.test(await inDesktop("xdotool search --onlyvisible --class caja")),
  );
  await inDesktop(`setsid mate-terminal --title Notebook -- sh -c '${program}' >/dev/null 2>&1 &`);
  const focus = "xdotool search --onlyvisible --name Notebook windowactivate";
  await until("the notebook is open and takes keys", async () => {
    await inDesktop(focus);
    await page.keyboard.type(".");
    return (await inDesktop("cat /home/admin/typed")) !== "";
  });
  await page.keyboard.type("start ");
  typed = await until("no more is on the way", async () => {
    const arrived = await inDesktop("cat /home/admin/typed");
    return arrived.endsWith("start ") && arrived;
  });
}

/** Types, and waits until all of it has arrived. */
async function type(text: string, from = page): Promise<void> {
  await from.keyboard.type(text);
  typed += text;
  let last = "";
  await until("what was typed has arrived", async () => {
    last = await inDesktop("cat /home/admin/typed");
    return last === typed;
  }).catch((error: unknown) => {
    const [seen, wanted] = [last.slice(-80), typed.slice(-80)];
    throw new Error(`${String(error)}: it ends with "${seen}", not with "${wanted}"`);
  });
}

async function pidOf(part: Part): Promise<number> {
  const found = (await readState(installation.dataDir))?.parts[part];
  if (!found) throw new Error(`the process of the ${part} is not known`);
  return found.pid;
}

async function signal(part: Part, name: NodeJS.Signals): Promise<void> {
  const pid = await pidOf(part);
  process.kill(pid, name);
  await until(`another ${part} has taken its place`, async () => (await pidOf(part)) !== pid);
}

async function postmasterPid(): Promise<number> {
  const file = join(installation.dataDir, "postgres/postmaster.pid");
  return Number.parseInt(await readFile(file, "utf8"), 10);
}

const isReady = () =>
  fetch(`${installation.url}/readyz`).then(
    (it) => it.ok,
    () => false,
  );

/** The codes with which this page's streams to the desktop were closed, in order. */
const closes = () =>
  page.evaluate(() => (window as unknown as { streamCloses: number[] }).streamCloses);

/** When the page was without its viewer, if only for a moment; since it was opened. */
const absences = () =>
  page.evaluate(() =>
    (window as unknown as { viewerLeft: string[] }).viewerLeft.filter((it) =>
      it.startsWith("/desktops/"),
    ),
  );

/** The desktop's whole history, as the database has it. */
async function history(): Promise<unknown[]> {
  const { databaseOwner } = await ensureSecrets(installation.dataDir);
  const file = join(installation.dataDir, "postgres/postmaster.pid");
  const port = (await readFile(file, "utf8")).split("\n")[3];
  const sql = postgres(`postgres://asci:${databaseOwner}@127.0.0.1:${port}/asci`, { max: 1 });
  try {
    const rows = await sql`select to_state as state from instance_history order by id`;
    return rows.map((it) => it["state"] as unknown);
  } finally {
    await sql.end();
  }
}

beforeAll(async () => {
  installation = await startInstallation();
  browser = await launchBrowser();
  ({ page } = await visit(browser, installation.url));
  page.on("websocket", (socket) => {
    const stream = { socket, frames: 0 };
    streams.push(stream);
    socket.on("framereceived", () => (stream.frames += 1));
  });
  await page.addInitScript(() => {
    const codes: number[] = [];
    // The viewer taken out of the page and put back looks the same, but has lost the focus.
    const left: string[] = [];
    new MutationObserver((changes) => {
      for (const { removedNodes } of changes)
        for (const node of removedNodes)
          if (node instanceof HTMLElement && node.matches("main"))
            left.push(`${location.pathname} after ${Math.round(performance.now())} ms`);
    }).observe(document, { childList: true, subtree: true });
    Object.assign(window, { streamCloses: codes, viewerLeft: left });
    window.WebSocket = new Proxy(WebSocket, {
      construct(target, args: ConstructorParameters<typeof WebSocket>) {
        const socket = new target(...args);
        socket.addEventListener("close", (event) => codes.push(event.code));
        return socket;
      },
    });
  });
  await page.reload();
  await signIn(page, installation);
  await page.getByRole("button", { name: "Start", exact: true }).first().click();
  await page.waitForURL(/\/desktops\/[0-9a-f-]{36}$/);
  instanceId = page.url().slice(-36);
  await live().waitFor({ timeout: 60_000 });
  const [container] = await containersOf(instanceId);
  containerId = container?.Id ?? "";
  await openNotebook();
});
afterAll(async () => {
  await browser?.close();
  await installation?.remove();
});
afterEach(async ({ task }) => {
  installation.supervisor.kill("SIGCONT");
  // What one case lost is not the next one's fault.
  if (task.result?.state === "fail") typed = await inDesktop("cat /home/admin/typed");
});

/** The viewer is back by itself, on the same desktop, which has got what was typed and no more. */
async function expectBack(word: string): Promise<void> {
  await live().waitFor({ timeout: 60_000 });
  await type(word);
  const same = await until("the picture is the desktop's", async () => {
    const [seen, real] = [await readCanvas(page), await screenshotIn(containerId)];
    return seen !== undefined && agreement(seen, real) >= 0.98;
  });
  expect(same).toBe(true);
  const containers = await containersOf(instanceId);
  expect(containers.map((it) => [it.Id, it.State])).toEqual([[containerId, "running"]]);
  await until("ASCI is ready", isReady);
  expect(await absences()).toEqual([]);
  expect(await history()).toEqual(["queued", "starting", "running"]);
}

const why = {
  gateway: "ASCI does not answer; your desktop was running when it was last seen.",
  relay: "The desktop’s node does not answer.",
};
const openStreams = () => streams.filter((it) => !it.socket.isClosed());

describe("a part that the stream passes through", () => {
  it.each([
    ["gateway", "SIGTERM", closeCodes.gatewayDraining.code],
    ["gateway", "SIGKILL", 1006],
    ["relay", "SIGTERM", closeCodes.relayRestarting.code],
    ["relay", "SIGKILL", closeCodes.upstreamLost.code],
  ] as const)("%s, ended by %s: the viewer is back by itself", async (part, name, code) => {
    const before = (await closes()).length;
    await signal(part, name);
    await until("the stream is closed", async () => (await closes()).length > before);
    expect((await closes())[before]).toBe(code);
    await expectBack(`${part}-${name} `);
  });

  it.each(["gateway", "relay"] as const)(
    "%s, away for a while: says so calmly, keeps the picture, and loses or doubles no key",
    async (part) => {
      await type("before ");
      const picture = await readCanvas(page);
      const supervisor = installation.supervisor;
      // Nobody starts it again for now.
      supervisor.kill("SIGSTOP");
      process.kill(await pidOf(part), "SIGKILL");
      await page.getByText("Reconnecting… your desktop is still running.").waitFor();
      await page.keyboard.type("lost");
      await page.getByText("What you type now is not sent.").waitFor();
      if (part === "relay") {
        const answer = await page.request.post(`/api/instances/${instanceId}/tickets`, {
          headers: { origin: installation.url },
          data: { permission: "control" },
        });
        const { url, protocols } = (await answer.json()) as { url: string; protocols: string[] };
        expect(await askUpgrade(url, protocols.join(", "))).toMatchObject({
          status: 503,
          headers: { "content-type": "application/problem+json" },
          body: { code: "node_unreachable", detail: expect.stringContaining("try again") },
        });
      }
      // After some tries it says why, and offers to try at once.
      await page.getByText(why[part]).waitFor();
      const tryNow = page.getByRole("button", { name: "Try now" });
      // The focus is on it when it goes: the keys after that still reach the desktop.
      await tryNow.focus();
      const kept = await page.evaluate(() => {
        const canvas = document.querySelector<HTMLCanvasElement>("main canvas");
        return canvas && [canvas.width, canvas.height, canvas.isConnected];
      });
      expect(kept).toEqual([picture?.width, picture?.height, true]);
      expect(await live().count()).toBe(0);
      supervisor.kill("SIGCONT");
      await expectBack("after ");
      await expect.poll(() => tryNow.count()).toBe(0);
    },
  );

  it("relay, away, on a phone: the picture stays where it is, and so does the keyboard", async () => {
    const phone = await visit(browser, installation.url, {
      viewport: { width: 390, height: 844 },
      touch: true,
    });
    await signIn(phone.page, installation);
    await phone.page.goto(`/desktops/${instanceId}`);
    await live(phone.page).waitFor();
    await phone.page.getByRole("button", { name: "Keyboard" }).click();
    await type("phone ", phone.page);
    const place = () => phone.page.locator("main canvas").first().boundingBox();
    const before = await place();
    installation.supervisor.kill("SIGSTOP");
    process.kill(await pidOf("relay"), "SIGKILL");
    await phone.page.getByText("Reconnecting… your desktop is still running.").waitFor();
    expect(await place()).toEqual(before);
    await phone.page.keyboard.type("lost");
    await phone.page.getByText("What you type now is not sent.").waitFor();
    installation.supervisor.kill("SIGCONT");
    await live(phone.page).waitFor();
    expect(await place()).toEqual(before);
    // Nobody had to tap for the keyboard again.
    await type("phone-back ", phone.page);
    await phone.context.close();
    await expectBack("laptop ");
  });
});

describe("a part beside the stream", () => {
  it.each(["SIGTERM", "SIGKILL"] as const)(
    "controller, ended by %s: the same stream goes on",
    async (name) => {
      const [stream, ...others] = openStreams();
      expect(others).toEqual([]);
      const pid = await pidOf("controller");
      const frames = stream?.frames ?? 0;
      installation.supervisor.kill("SIGSTOP");
      process.kill(pid, name);
      await until("it is gone", async () => {
        const found = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
        return found === "" || found.includes(") Z ");
      });
      await type("without-controller ");
      installation.supervisor.kill("SIGCONT");
      await until("another has taken its place", async () => (await pidOf("controller")) !== pid);
      await expectBack(`controller-${name} `);
      expect(openStreams()).toEqual([stream]);
      expect(stream?.frames).toBeGreaterThan(frames);
    },
  );

  it("the database, killed: the same stream goes on, and the pages find it again", async () => {
    const [stream] = openStreams();
    const pid = await postmasterPid();
    installation.supervisor.kill("SIGSTOP");
    process.kill(pid, "SIGKILL");
    const answer = await until("the API says so", async () => {
      const tried = await page.request.get("/api/instances");
      return tried.status() === 503 && tried;
    });
    expect(answer.headers()).toMatchObject({
      "content-type": "application/problem+json",
      "retry-after": expect.stringMatching(/^[1-9]$/),
    });
    expect(await answer.json()).toMatchObject({
      code: "database_unreachable",
      detail: expect.stringMatching(/Running desktops go on; try again/),
    });
    const other = await page.context().newPage();
    await other.goto("/");
    await other.getByText("answer").first().waitFor();
    await page.bringToFront();
    await type("without-database ");
    installation.supervisor.kill("SIGCONT");
    await until("it is there again", isReady);
    expect(await postmasterPid()).not.toBe(pid);
    // Opened in the midst of it, and never touched.
    await other.getByRole("button", { name: "Connect", exact: true }).waitFor();
    await other.close();
    await expectBack("database ");
    expect(openStreams()).toEqual([stream]);
  });
});

describe("everything but the desktop", () => {
  it("supervisor, killed: the next start adopts the desktop, and the viewer is back", async () => {
    const { parts } = (await readState(installation.dataDir)) ?? {};
    const before = (await closes()).length;
    installation.supervisor.kill("SIGKILL");
    await until("the stream is closed", async () => (await closes()).length > before);
    expect(await waitForEnd(Object.values(parts ?? {}), 30_000)).toBe(true);
    expect((await containersOf(instanceId))[0]?.State).toBe("running");
    installation = await installation.startAgain();
    await expectBack("supervisor ");
  });

  it("all at once, killed: the same", async () => {
    const { parts } = (await readState(installation.dataDir)) ?? {};
    const folder = join(installation.dataDir, "postgres");
    const all = [...Object.values(parts ?? {}), ...(await processesIn(folder, "postgres"))];
    installation.supervisor.kill("SIGKILL");
    // Some may be ending already, now that the supervisor is gone.
    for (const each of all) await signalProcess(each, "SIGKILL");
    expect(await waitForEnd(all, 30_000)).toBe(true);
    installation = await installation.startAgain();
    await expectBack("all ");
  });
});
