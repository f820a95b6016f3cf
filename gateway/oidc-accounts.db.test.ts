/** Whose account it is, and what the rules may take from it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startProvider, type TestProvider } from "../test/oidc-provider.ts";
import { openOidcSite, Surfer, type OidcSite } from "./oidc-testing.ts";
import type { TestGateway } from "./testing.ts";

let site: OidcSite;
let gateway: TestGateway;
let provider: TestProvider;
let lab: TestProvider;
let providerId: string;

const owner = () => gateway.database.owner.sql;

beforeAll(async () => {
  site = await openOidcSite();
  ({ gateway, provider } = site);
  lab = await startProvider([site.callbackOf("lab")]);
});
afterAll(async () => {
  await site?.close();
  await lab?.close();
});
beforeEach(async () => {
  providerId = await site.reset();
  await site.add("lab", lab);
  lab.claims.clear();
});

const atLab = (account: string) => site.signIn(account, new Surfer(), "/", "lab");
const rolesOf = async (username: string) =>
  (
    await owner()<{ roles: string[] }[]>`
      select to_jsonb(roles) as roles from users where username = ${username}`
  )[0]?.roles;
const lastDetail = async () =>
  (
    await owner()<{ detail: object }[]>`
      select detail from audit where action = 'sign_in' order by id desc limit 1`
  )[0]?.detail;

describe("the last who administers", () => {
  const ruled = () => owner()`
    insert into claim_rules (provider_id, claim, pattern, gives, target)
    values (${providerId}, 'groups', 'it', 'role', 'admin'), (${providerId}, 'groups', 'staff', 'role', 'staff')`;
  const tell = (subject: string, ...groups: string[]) =>
    provider.claims.set(subject, { preferred_username: subject, groups });

  it("stays so whatever the rules say, which is said in the trail and the log", async () => {
    await ruled();
    tell("ada", "it");
    expect((await site.signIn("ada")).me).toMatchObject({ roles: ["user", "admin"] });
    tell("ada", "staff");
    expect((await site.signIn("ada")).me).toMatchObject({ roles: ["user", "staff", "admin"] });
    expect(await lastDetail()).toEqual({ provider: "uni", subject: "ada", adminKept: true });
    const told = () => gateway.lines.filter((it) => it.message.includes("role admin was kept"));
    await expect
      .poll(told, { timeout: 20_000 })
      .toMatchObject([{ level: "warn", fields: { username: "ada" } }]);
  });

  it("is who can sign in: another who is disabled does not count", async () => {
    await ruled();
    tell("ada", "it");
    await site.signIn("ada");
    await gateway.addUser("root", ["admin"]);
    await owner()`update users set disabled_at = now() where username = 'root'`;
    tell("ada");
    expect((await site.signIn("ada")).me).toMatchObject({ roles: ["user", "admin"] });
    await owner()`update users set disabled_at = null where username = 'root'`;
    expect((await site.signIn("ada")).me).toMatchObject({ roles: ["user"] });
    expect(await lastDetail()).toEqual({ provider: "uni", subject: "ada" });
  });

  it("is one of two who lose it in the same moment", async () => {
    await ruled();
    const subjects = ["ada", "bob"];
    for (const it of subjects) tell(it, "it");
    for (const it of subjects) await site.signIn(it);
    for (const it of subjects) tell(it);
    const surfers = subjects.map((account) => ({ account, surfer: new Surfer() }));
    const callbacks: string[] = [];
    for (const { account, surfer } of surfers)
      callbacks.push(await site.toCallback(surfer, account));
    // Both wait for this one, and so come to it together.
    const went = owner().begin(async (sql) => {
      await sql`select from users where 'admin' = any (roles) for update`;
      const all = surfers.map(({ surfer }, at) => surfer.go(callbacks[at] ?? ""));
      // Where they are slow they come one after the other, which has to end alike.
      await expect
        .poll(waiting, { timeout: 3_000 })
        .toBe(2)
        .catch(() => undefined);
      return { all };
    });
    const answers = await Promise.all((await went).all);
    expect(answers.map((it) => it.headers.get("location"))).toEqual(["/", "/"]);
    const roles = await Promise.all(subjects.map(rolesOf));
    expect(roles.filter((it) => it?.includes("admin"))).toHaveLength(1);
  });
});

/** How many of this database's connections wait for a lock. */
const waiting = async () =>
  (
    await owner()<{ count: number }[]>`
      select count(*)::int from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`
  )[0]?.count;

describe("an account", () => {
  it("stays with whom it is when they are renamed to the name of somebody else", async () => {
    await gateway.addUser("eve", ["admin"]);
    provider.claims.set("s1", { preferred_username: "ada" });
    await site.signIn("s1");
    provider.claims.set("s1", { preferred_username: "eve", name: "Eve" });
    expect((await site.signIn("s1")).me).toMatchObject({
      username: "ada",
      displayName: "Eve",
      roles: ["user"],
    });
    // Nor does who has the old name there now come to it.
    provider.claims.set("s2", { preferred_username: "ada" });
    expect(await site.signIn("s2")).toMatchObject({
      to: "/sign-in?problem=username_taken&provider=uni",
      me: null,
    });
  });

  it("is not shared by two providers that tell the same name, even where both vouch", async () => {
    await owner()`update providers set vouches = true`;
    await owner()`insert into users (username, display_name) values ('bob', 'Bob')`;
    for (const it of [provider, lab]) it.claims.set("s1", { preferred_username: "bob" });
    expect((await site.signIn("s1")).me).toMatchObject({ username: "bob" });
    expect((await atLab("s1")).to).toBe("/sign-in?problem=username_taken&provider=lab");
    expect(await lastDetail()).toMatchObject({ provider: "lab", reason: "username_taken" });
    const found = await owner()`select subject from identities`;
    expect(found).toHaveLength(1);
  });

  it("is not joined by an e-mail address that two providers tell", async () => {
    provider.claims.set("s1", { preferred_username: "ada", email: "a@example.org" });
    lab.claims.set("s1", { preferred_username: "eve", email: "a@example.org" });
    expect((await site.signIn("s1")).me).toMatchObject({ username: "ada", email: "a@example.org" });
    expect((await atLab("s1")).me).toMatchObject({ username: "eve", email: null });
    expect(await lastDetail()).toMatchObject({ made: true, emailTaken: true });
    // Given up there, it is free for who tells it next.
    await owner()`update users set email = null`;
    expect((await atLab("s1")).me).toMatchObject({ email: "a@example.org" });
  });

  it.each([
    ["name", "'ada', null", "/sign-in?problem=username_taken&provider=uni", undefined],
    ["e-mail address", "'eve', 'a@example.org'", "/", null],
  ])("that gets the same %s in the same moment is another", async (_, other, to, email) => {
    provider.claims.set("s1", { preferred_username: "ada", email: "a@example.org" });
    const surfer = new Surfer();
    const callback = await site.toCallback(surfer, "s1");
    const going = await owner().begin(async (sql) => {
      await sql.unsafe(`insert into users (username, email, display_name)
        select username, email, 'Another' from (values (${other})) as it(username, email)`);
      const answer = surfer.go(callback);
      await expect.poll(waiting, { timeout: 20_000 }).toBe(1);
      return { answer };
    });
    expect((await going.answer).headers.get("location")).toBe(to);
    const [mine] = await owner()`select email from users where username = 'ada'`;
    if (email === null) expect(mine).toEqual({ email: null });
  });
});
