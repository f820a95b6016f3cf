/** Those who wait for a place, and those who are asked to give one up. */
import type { Page } from "playwright-core";
import { sql } from "drizzle-orm";
import type { Stage } from "../stage.ts";
import type { Person } from "./people.ts";
import type { Scene } from "./scene.ts";

async function home(page: Page): Promise<void> {
  await page.goto("/");
  await page.getByRole("button", { name: "Cancel", exact: true }).first().waitFor();
  await page
    .getByText(/Place \d+ in the queue/)
    .first()
    .waitFor();
}

/** What its people are asked, of each of somebody's desktops by its environment. */
async function ask(stage: Stage, username: Person): Promise<void> {
  const drained =
    "gpu-04 is being emptied: new kernel, back on Tuesday. Restart on another node when it suits you; nothing is stopped without you.";
  await stage.db.execute(sql`
    update instances i set notice_at = now() - interval '9 minutes', notice_code = n.code, notice_text = n.text,
      expires_at = now() + n.minutes * interval '1 minute', max_minutes = 480
    from users u, environments e, (values
      ('tomography', 'node_draining', ${drained}, 380),
      ('crystallography', 'ends_soon', 'it ends by its limit; whoever needs longer can extend it', 22),
      ('volume', 'node_needed_for_beamtime', 'until 2099-11-22T14:30:00.000Z its node is needed', null))
      as n (slug, code, text, minutes)
    where u.id = i.owner_id and u.username = ${username} and e.id = i.environment_id and e.slug = n.slug
      and i.state = 'running'`);
}

const askNothing = (stage: Stage, username: Person) =>
  stage.db.execute(sql`
    update instances i set notice_at = null, notice_code = null, notice_text = null, expires_at = null
    from users u where u.id = i.owner_id and u.username = ${username}`);

export const waiting: readonly Scene[] = [
  { name: "desktops-waiting", as: "waiter", open: home },
  {
    name: "desktops-asked",
    as: "waiter",
    async open(page, stage) {
      await ask(stage, "waiter");
      await home(page);
      await page.getByRole("button", { name: "Restart elsewhere" }).first().waitFor();
      await page.getByText("It ends in").waitFor();
    },
    close: async (stage) => void (await askNothing(stage, "waiter")),
  },
  {
    name: "desktops-move",
    as: "waiter",
    async open(page, stage) {
      await ask(stage, "waiter");
      await home(page);
      await page.getByRole("button", { name: "Restart elsewhere" }).first().click();
      await page.getByRole("alertdialog").waitFor();
    },
    close: async (stage) => void (await askNothing(stage, "waiter")),
  },
  {
    name: "desktops-room",
    as: "one",
    async open(page) {
      await page.goto("/");
      await page.getByRole("button", { name: "Is there room?" }).first().click();
      await page.getByText(/There is (no )?room|Next free/).waitFor();
    },
  },
];
