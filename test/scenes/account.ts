/** The page about oneself. */
import type { Page } from "playwright-core";
import { sql } from "drizzle-orm";
import type { Stage } from "../stage.ts";
import { longName } from "./people.ts";
import type { Scene } from "./scene.ts";

/** A browser in which someone is signed in. */
interface SignInProp {
  readonly userAgent: string | null;
  readonly address: string | null;
  readonly minutesAgo: number;
  readonly seenMinutesAgo: number;
}

const webkit = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const elsewhere: readonly SignInProp[] = [
  {
    userAgent: `Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X) ${webkit} Version/16.6 Mobile/15E148 Safari/604.1`,
    address: "192.0.2.41",
    minutesAgo: 50,
    seenMinutesAgo: 3,
  },
  {
    userAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    address: "2001:db8:85a3:8d3:1319:8a2e:370:7348",
    minutesAgo: 3000,
    seenMinutesAgo: 600,
  },
  { userAgent: "something of its own/1.0", address: null, minutesAgo: 9000, seenMinutesAgo: 8999 },
];

const minutes = (count: number) => sql`${`${count} minutes`}::interval`;

/** Whoever looks at the page does so with Chrome; older looks are forgotten. */
async function beHere(stage: Stage, username: string): Promise<void> {
  const chrome =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
  await stage.db.execute(sql`
    delete from sign_ins s using users u where u.id = s.user_id and u.username = ${username}
      and s.id <> (select id from sign_ins where user_id = u.id and kind = 'browser'
        order by created_at desc limit 1)`);
  await stage.db.execute(sql`
    update sign_ins s set user_agent = ${chrome}, address = '192.0.2.17' from users u
    where u.id = s.user_id and u.username = ${username}`);
}

async function beElsewhere(stage: Stage, username: string): Promise<void> {
  for (const it of elsewhere)
    await stage.db.execute(sql`
      insert into sign_ins (user_id, token_hash, user_agent, address, created_at, last_seen_at, expires_at)
      select id, decode(md5(random()::text), 'hex'), ${it.userAgent}, ${it.address},
        now() - ${minutes(it.minutesAgo)}, now() - ${minutes(it.seenMinutesAgo)},
        now() - ${minutes(it.minutesAgo)} + interval '7 days'
      from users where username = ${username}`);
}

async function addToken(
  stage: Stage,
  [name, scopes, ageDays, days, used]: [string, string, number, number, boolean],
): Promise<void> {
  const age = minutes(ageDays * 1440);
  await stage.db.execute(sql`
    insert into sign_ins (user_id, kind, name, scopes, token_hash, created_at, last_seen_at, expires_at)
    select id, 'token', ${name}, ${`{${scopes}}`}::text[], decode(md5(random()::text), 'hex'),
      now() - ${age}, now() - ${used ? minutes(12) : age}, now() - ${age} + ${minutes(days * 1440)}
    from users where username = 'account'`);
}

async function settle(stage: Stage): Promise<void> {
  await beHere(stage, "account");
  await beElsewhere(stage, "account");
  await stage.db.execute(sql`
    update users set email = 'maria.kovac@facility.example' where username = 'account'`);
  await stage.db.execute(sql`
    insert into homes (user_id, total_bytes, free_bytes, own)
    select id, 10737418240, 268435456, true from users where username = 'account'
    on conflict do nothing`);
  await addToken(stage, ["Nightly reconstruction", "desktops", 86, 90, true]);
  await addToken(stage, [longName, "read,desktops", 20, 366, true]);
  await addToken(stage, ["Status page", "read", 2, 30, false]);
}

async function shown(page: Page): Promise<void> {
  await page.goto("/account");
  await page.getByText("This browser").waitFor();
  await page.getByRole("heading", { name: "Access tokens" }).waitFor();
}

async function ask(page: Page): Promise<void> {
  await page.getByRole("button", { name: "New token" }).click();
  await page.getByRole("dialog").waitFor();
}

export const account: readonly Scene[] = [
  {
    name: "account",
    as: "account",
    async open(page, stage) {
      await settle(stage);
      await shown(page);
      await page.getByText("Status page").waitFor();
    },
  },
  {
    name: "account-empty",
    as: "fresh",
    async open(page, stage) {
      await beHere(stage, "fresh");
      await shown(page);
      await page.getByText("You have no tokens.").waitFor();
    },
  },
  {
    name: "account-sign-out",
    as: "account",
    async open(page, stage) {
      await settle(stage);
      await shown(page);
      await page.getByRole("button", { name: "Sign out Safari on iPad" }).click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
  {
    name: "account-token-new",
    as: "admin",
    async open(page) {
      await page.goto("/account");
      await ask(page);
    },
  },
  {
    name: "account-token-wrong",
    as: "fresh",
    complaints: /400/,
    async open(page) {
      await shown(page);
      await ask(page);
      await page.getByRole("button", { name: "Make the token" }).click();
      await page.getByText("Choose at least one.").waitFor();
    },
  },
  {
    name: "account-token-made",
    as: "account",
    async open(page, stage) {
      await settle(stage);
      await shown(page);
      await ask(page);
      await page.getByLabel("Name", { exact: true }).fill("Nightly reconstruction");
      await page.getByRole("checkbox", { name: /^Desktops/ }).check();
      await page.getByRole("button", { name: "Make the token" }).click();
      await page.getByRole("textbox", { name: "The token" }).waitFor();
      // No two pictures of it would be alike, and none should hold a secret.
      await page.evaluate(() => {
        const field = document.querySelector("textarea");
        if (field) field.value = `asci_${"x".repeat(43)}`;
      });
    },
  },
  {
    name: "account-monitor",
    as: "watcher",
    async open(page, stage) {
      await beHere(stage, "watcher");
      const asked: string[] = [];
      page.on("request", (it) => asked.push(new URL(it.url()).pathname));
      // What is no page of theirs leads home.
      await page.goto("/");
      await page.waitForURL("**/account");
      await page.getByText("You have no tokens.").waitFor();
      const others = asked.filter((it) => /^\/api\/(environments|instances|events)/.test(it));
      if (others.length > 0) throw new Error(`asked in vain: ${others.join(", ")}`);
      if ((await page.getByRole("link", { name: "Desktops" }).count()) > 0)
        throw new Error("the navigation shows Desktops");
    },
  },
];
