/** The main path through a Worker in real workerd, beside the gateway on Node. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, signIn, until, visit } from "../browser.ts";
import { containersOf, execIn, openTerminal } from "../containers.ts";
import { openEdgeSite, type EdgeSite } from "../edge/site.ts";
import { untilSame } from "../same-picture.ts";
import { faultsOf } from "../scenes/checks.ts";
import { askUpgrade } from "../upgrade.ts";
import { Browser as Client } from "../../gateway/testing.ts";

let site: EdgeSite;
let browser: Browser;
let page: Page;
let complaints: string[];
let instanceId: string;
let containerId: string;

beforeAll(async () => {
  site = await openEdgeSite();
  browser = await launchBrowser();
  ({ page, complaints } = await visit(browser, site.worker.origin));
});
afterAll(async () => {
  await browser?.close();
  await site?.remove();
});

const desktop = '[data-testid="desktop"][data-painted="true"]';

describe("the main path through a Worker", () => {
  it("signs in, with clear words for a wrong password", async () => {
    await page.getByLabel("Username", { exact: true }).fill("admin");
    await page.getByLabel("Password", { exact: true }).fill("not this one");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("This username and password do not belong together.").waitFor();
    await signIn(page, site.installation);
    expect(await faultsOf(page)).toEqual([]);
  });

  it("starts a desktop, told of by the database's changes, and shows it", async () => {
    await page.getByRole("button", { name: "Start", exact: true }).first().click();
    await page.waitForURL(/\/desktops\/[0-9a-f-]{36}$/);
    instanceId = page.url().slice(-36);
    await page.locator(desktop).waitFor({ timeout: 60_000 });
    containerId = (await containersOf(instanceId))[0]?.Id ?? "";
    await until("the panel is on the screen", async () => {
      const marker = await execIn(containerId, ["ls", "/run/asci/panel"]);
      return marker.toString().includes("panel");
    });
    expect(await untilSame(page, containerId)).toBeGreaterThanOrEqual(0.98);
  });

  it("carries what is typed", async () => {
    await page.locator(`${desktop} canvas`).click({ position: { x: 700, y: 400 } });
    await openTerminal(page.keyboard, containerId);
    await until("the shell writes the file", async () => {
      await page.keyboard.type("echo $((6*7)) > ~/proof", { delay: 10 });
      await page.keyboard.press("Enter");
      const proof = await execIn(containerId, ["sh", "-c", "sleep 0.3; cat ~/proof 2>/dev/null"]);
      return proof.toString() === "42\n";
    });
  });

  it("is back by itself after the Worker was killed and started again", async () => {
    await site.killWorker();
    await until("the picture is not live", async () => (await page.locator(desktop).count()) === 0);
    await site.reviveWorker();
    await page.locator(desktop).waitFor({ timeout: 30_000 });
    expect(await untilSame(page, containerId)).toBeGreaterThanOrEqual(0.98);
    expect((await containersOf(instanceId)).map((it) => it.Id)).toEqual([containerId]);
  });

  it("had nothing else to complain about", () => {
    const away =
      /ERR_CONNECTION_RE(FUSED|SET)|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE|WebSocket|1006|503/;
    expect(complaints.filter((it) => !away.test(it))).toEqual([]);
  });
});

describe("two gateways on one database, one on Node and one a Worker", () => {
  const signedIn = async (origin: string): Promise<Client> => {
    const client = new Client(origin);
    const { password } = site.installation;
    const { status } = await client.call("POST", "/api/auth/login", {
      username: "admin",
      password,
    });
    expect(status).toBe(200);
    return client;
  };
  /** The same cookie at the other gateway. */
  const at = (origin: string, { cookie }: Client): Client =>
    Object.assign(new Client(origin), { cookie });
  const origins = () => [site.installation.url, site.worker.origin] as const;
  const bothWays = () => [origins(), origins().toReversed()] as [string, string][];

  it("take each other's tickets, once", async () => {
    for (const [here, there] of bothWays()) {
      const client = await signedIn(here);
      const wish = { permission: "view" };
      const made = await client.call("POST", `/api/instances/${instanceId}/tickets`, wish);
      expect(made.status).toBe(201);
      const protocols = (made.body["protocols"] as unknown as string[]).join(", ");
      const open = (origin: string) => askUpgrade(`${origin}/vnc/${instanceId}`, protocols);
      const first = await open(there);
      expect(first.status).toBe(101);
      expect(first.headers["sec-websocket-protocol"]).toBe("binary");
      for (const origin of origins())
        expect(await open(origin)).toMatchObject({ status: 401, body: { code: "ticket_used" } });
      first.socket?.destroy();
    }
  });

  it("know each other's sign-ins, and end them together", async () => {
    for (const [here, there] of bothWays()) {
      const client = await signedIn(here);
      expect((await at(there, client).call("GET", "/api/me")).status).toBe(200);
      expect((await at(there, client).call("POST", "/api/auth/logout")).status).toBe(204);
      expect((await client.call("GET", "/api/me")).status).toBe(401);
    }
  });

  it("count wrong passwords together", async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 10; n++) {
      const client = new Client(origins()[n % 2] ?? "");
      const wrong = { username: "nobody", password: `guess ${n}` };
      statuses.push((await client.call("POST", "/api/auth/login", wrong)).status);
    }
    expect(statuses).toEqual([...Array<number>(8).fill(401), 429, 429]);
    await site.owner.sql`delete from sign_in_failures`;
  });

  it("give the same answers for the pages and their files", async () => {
    const names = ["content-security-policy", "cache-control", "x-content-type-options"];
    const told = async (origin: string, path: string) => {
      const answer = await fetch(origin + path);
      const headers = [...names, "referrer-policy", "content-type", "cross-origin-opener-policy"];
      return {
        path,
        status: answer.status,
        body: (await answer.text()).length,
        headers: headers.map((name) => [name, answer.headers.get(name)]),
      };
    };
    const [node, worker] = origins();
    const index = await (await fetch(node)).text();
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(index)?.[1] ?? "";
    expect(script).toContain(".js");
    const files = ["/favicon.svg", "/manifest.webmanifest", "/api-reference/start.js", script];
    const missing = ["/assets/none.js", "/api/none", "/_headers", "/healthz/none"];
    for (const path of ["/", "/index.html", "/desktops/1", ...files, ...missing, "/api/docs"]) {
      const { body: nodeBody, ...fromNode } = await told(node, path);
      const { body: workerBody, ...fromWorker } = await told(worker, path);
      expect(fromWorker).toEqual(fromNode);
      if (fromNode.status === 200) expect(workerBody).toBe(nodeBody);
    }
  });
});
