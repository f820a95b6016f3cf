/** A station that asks somebody to agree on their phone, and their phone. */
import type { Page } from "playwright-core";
import { sql } from "drizzle-orm";
import type { Stage } from "../stage.ts";
import type { Scene } from "./scene.ts";
import { atStation, clear, ownHome, setStation, startable, stationToken } from "./stations.ts";

const codeShape = /^[0-9A-Z]{4}-[0-9A-Z]{4}$/;

/** The station's dialog, with a code in it. */
async function shownAtStation(page: Page, stage: Stage): Promise<void> {
  await atStation(page, stage, { endsIn: 400 }, false);
  await startable(page);
  await ownHome(page);
  await page.getByRole("button", { name: "With my phone" }).click();
  await page.getByText(codeShape).waitFor();
  await page.getByRole("img", { name: /^QR code/ }).waitFor();
}

const answered = (stage: Stage, set: ReturnType<typeof sql>) =>
  stage.db.execute(sql`update approvals set ${set}`);

/** What a station asks, of which `one` may be let in. @returns its code */
async function askCode(stage: Stage, { member }: { member: boolean }): Promise<string> {
  await setStation(stage, { endsIn: 400 });
  if (member)
    await stage.db.execute(sql`insert into members (experiment_id, user_id)
      select x.id, u.id from experiments x, users u where x.code = '2026-1' and u.username = 'one'`);
  const { url } = stage.installation;
  const answer = await fetch(`${url}/api/station/approvals`, {
    method: "POST",
    headers: {
      origin: url,
      cookie: `asci_session=${stationToken}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ environment: "crystallography", experiment: "2026-1" }),
  });
  const { code } = (await answer.json()) as { code: string };
  return code;
}

async function scanned(page: Page, stage: Stage, member = true): Promise<void> {
  const code = await askCode(stage, { member });
  await page.goto(`/add#${code}`);
  await page.getByRole("button", { name: "Decline" }).waitFor();
  if (page.url().includes(code)) throw new Error("the code stayed in the address");
}

const forget = async (stage: Stage): Promise<void> => {
  await stage.db.execute(sql`delete from sign_in_failures`);
  await clear(stage);
};

export const stationPhone: readonly Scene[] = [
  { name: "station-phone", as: null, open: shownAtStation, close: clear },
  {
    name: "station-phone-declined",
    as: null,
    async open(page, stage) {
      await shownAtStation(page, stage);
      await answered(
        stage,
        sql`answered_at = now(), answered_by = (select id from users where username = 'one')`,
      );
      await page.getByText("It was declined on the phone.").waitFor();
    },
    close: clear,
  },
  {
    name: "station-phone-over",
    as: null,
    async open(page, stage) {
      await shownAtStation(page, stage);
      await answered(stage, sql`expires_at = now()`);
      await page.getByText("The code’s time is up.").waitFor();
    },
    close: clear,
  },
  {
    name: "add",
    as: "one",
    async open(page) {
      await page.goto("/add");
      await page.getByRole("button", { name: "Continue" }).waitFor();
    },
  },
  {
    name: "add-wrong",
    as: "one",
    complaints: /404/,
    async open(page) {
      await page.goto("/add#7KQ2-M4XD");
      await page.getByText("This code does not work.").waitFor();
    },
    close: forget,
  },
  { name: "add-question", as: "one", open: (page, stage) => scanned(page, stage), close: forget },
  {
    name: "add-refused",
    as: "one",
    async open(page, stage) {
      await scanned(page, stage, false);
      await page.getByRole("alert").waitFor();
    },
    close: forget,
  },
  {
    name: "add-confirmed",
    as: "one",
    async open(page, stage) {
      await scanned(page, stage);
      await page.getByRole("button", { name: "Start it there" }).click();
      await page.getByText("Your desktop starts at Hutch 1.").waitFor();
    },
    close: forget,
  },
  {
    name: "add-declined",
    as: "one",
    async open(page, stage) {
      await scanned(page, stage);
      await page.getByRole("button", { name: "Decline" }).click();
      await page.getByText("Nothing was started").waitFor();
    },
    close: forget,
  },
];
