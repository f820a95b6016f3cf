import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, inject, it, onTestFinished } from "vitest";
import { connect } from "../db/client.ts";
import { listKeyTimes } from "../db/keys.ts";
import { migrate } from "../db/migrate.ts";
import { createTestDatabase } from "../db/testing.ts";
import type { TestDatabase } from "../db/testing.ts";
import { createKeyRing } from "../gateway/keys.ts";
import type { KeyRing } from "../gateway/keys.ts";
import { generatePassword, startPostgres } from "./postgres.ts";

const secret = crypto.getRandomValues(new Uint8Array(32));
const sealingKey = Buffer.from(secret).toString("base64");
const otherKey = Buffer.alloc(32, 7).toString("base64");
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/;

interface Outcome {
  readonly code: number | null;
  readonly lines: string[];
}

/** Runs `asci keys …` as a person would, and says what it wrote. */
async function run(args: string[], environment: Record<string, string>): Promise<Outcome> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), "keys", ...args], {
    env: { PATH: process.env["PATH"], USER: "ada", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, lines: output.trimEnd().split("\n") };
}

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "asci-keys-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe("asci keys, with a database of one's own", () => {
  let database: TestDatabase;
  let ring: KeyRing;
  let first: string;
  let environment: Record<string, string>;

  beforeEach(async () => {
    database = await createTestDatabase(inject("postgresUrl"));
    onTestFinished(() => database.drop());
    ring = createKeyRing(database.as("gateway").db, secret);
    first = (await ring.signer()).kid;
    environment = { DATABASE_URL: database.ownerUrl, ASCI_SEALING_KEY: sealingKey };
  });
  const keys = (...args: string[]) => run(args, environment);
  const states = async () =>
    Object.fromEntries(
      (await listKeyTimes(database.owner.db)).map((it) => [it.kid, it.state] as const),
    );

  it("lists every key with its state and times, and needs no sealing key for it", async () => {
    const { DATABASE_URL = "" } = environment;
    const { code, lines } = await run(["list"], { DATABASE_URL, ASCI_DATA: "/nowhere" });
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^key +state +published +signs from +signs until +retired$/);
    expect(lines[1]).toMatch(
      new RegExp(`^${first}  signing  ${time.source}  ${time.source}  - +-$`),
    );
    expect(lines).toHaveLength(2);
  });

  it("publishes a key, says when it signs, and does not do it twice", async () => {
    const { code, lines } = await keys("rotate");
    const second = /^Published (\S+)$/.exec(lines[0] ?? "")?.[1] ?? "";
    expect(lines[1]).toMatch(new RegExp(`^It signs from ${time.source}\\.$`));
    expect(lines[2]).toMatch(new RegExp(`^${first} signs until then, and is retired at `));
    expect(code).toBe(0);
    expect(await states()).toEqual({ [first]: "signing", [second]: "published" });
    const again = await keys("rotate");
    expect(again.code).toBe(0);
    expect(again.lines.join("\n")).toContain(`${second} signs from `);
    expect(Object.keys(await states())).toHaveLength(2);
    const listed = (await keys("list")).lines;
    expect(listed[1]).toMatch(new RegExp(`^${second}  published `));
    expect(listed[2]).toMatch(
      new RegExp(`^${first}  signing  .*  ${time.source}  ${time.source}$`),
    );
  });

  it("replaces a leaked key at once, and says what is refused", async () => {
    const { code, lines } = await keys("rotate", "--now");
    const second = /^(\S+) signs from now on\.$/.exec(lines[0] ?? "")?.[1] ?? "";
    expect(lines[1]).toBe(`${first} is retired.`);
    expect(lines[2]).toMatch(/^Refused from now on: .*last 30 s.*Open desktops go on\.$/);
    expect(code).toBe(0);
    expect(await states()).toEqual({ [first]: "retired", [second]: "signing" });
    await ring.renew();
    expect((await ring.signer()).kid).toBe(second);
    const audit = await database.owner.sql`select action, actor_name from audit order by id`;
    expect(audit.slice(1)).toEqual([
      { action: "key.publish", actor_name: "ada (asci keys)" },
      { action: "key.retire", actor_name: "ada (asci keys)" },
    ]);
  });

  it("retires one key, but not the one that signs", async () => {
    expect(await keys("retire", first)).toMatchObject({
      code: 1,
      lines: [expect.stringContaining("keys rotate --now")],
    });
    const second = /^Published (\S+)$/.exec((await keys("rotate")).lines[0] ?? "")?.[1] ?? "";
    expect(await keys("retire", second)).toEqual({
      code: 0,
      lines: [
        `${second} is retired.`,
        "It had not signed anything.",
        `${first} signs on, and is not retired.`,
      ],
    });
    expect((await keys("retire", second)).lines).toEqual([`${second} was retired before.`]);
    expect(await keys("retire", "unheard-of")).toMatchObject({
      code: 1,
      lines: [expect.stringContaining("There is no key unheard-of")],
    });
    expect(await states()).toEqual({ [first]: "signing", [second]: "retired" });
  });

  it("with another sealing key than the gateways' changes nothing, and says the way out", async () => {
    environment["ASCI_SEALING_KEY"] = otherKey;
    for (const args of [["rotate"], ["rotate", "--now"]]) {
      const { code, lines } = await keys(...args);
      expect(code).toBe(1);
      expect(lines.join(" ")).toMatch(/comes from ASCI_SEALING_KEY.*keys retire/);
    }
    expect(await states()).toEqual({ [first]: "signing" });
    expect(await keys("retire", first)).toMatchObject({ code: 0 });
    const gateway = createKeyRing(database.as("gateway").db, new Uint8Array(32).fill(7));
    expect((await gateway.signer()).kid).not.toBe(first);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      "no sealing key",
      { ASCI_SEALING_KEY: "" },
      /^The sealing key is missing: there is no \S+\. Set/,
    ],
    ["a sealing key that is none", { ASCI_SEALING_KEY: "secret" }, /^ASCI_SEALING_KEY is not a/],
    [
      "a database that is away",
      { DATABASE_URL: "postgres://asci@127.0.0.1:1/asci" },
      /^The database at 127\.0\.0\.1:1\/asci does not answer/,
    ],
  ])("says so where there is %s", async (_what, change, message) => {
    const ASCI_DATA = await emptyFolder();
    const { code, lines } = await run(["rotate"], { ...environment, ASCI_DATA, ...change });
    expect(lines).toEqual([expect.stringMatching(message)]);
    expect(code).toBe(1);
    expect(await states()).toEqual({ [first]: "signing" });
  });

  it.each([[[]], [["rotate", "--later"]], [["retire"]]])("%j says how it is used", async (args) => {
    const { code, lines } = await keys(...args);
    expect(code).toBe(1);
    expect(lines[0]).toMatch(/^Usage: keys list/);
    expect(Object.keys(await states())).toEqual([first]);
  });
});

describe("asci keys, beside an installation with its embedded Postgres", () => {
  it("finds the database and the sealing key in ASCI_DATA", async () => {
    const folder = await emptyFolder();
    await chmod(folder, 0o755);
    await mkdir(join(folder, "keys"));
    const password = generatePassword();
    const options = { dataDir: join(folder, "postgres"), logFile: join(folder, "postgres.log") };
    const server = await startPostgres({ ...options, password, durable: false });
    onTestFinished(() => server.stop());
    await writeFile(join(folder, "keys", "database"), `${password}\n`);

    const list = () => run(["list"], { ASCI_DATA: folder });
    expect(await list()).toMatchObject({
      code: 1,
      lines: [expect.stringMatching(/no ASCI in it yet/)],
    });
    await migrate(server.url);
    expect(await list()).toMatchObject({ code: 0, lines: [expect.stringMatching(/no key yet/)] });
    const connection = connect(server.url);
    const { kid } = await createKeyRing(connection.db, secret).signer();
    await connection.close();
    const rotate = () => run(["rotate", "--now"], { ASCI_DATA: folder });
    expect(await rotate()).toMatchObject({
      code: 1,
      lines: [expect.stringMatching(/keys\/sealing/)],
    });
    await writeFile(join(folder, "keys", "sealing"), `${sealingKey}\n`);
    expect(await rotate()).toMatchObject({ code: 0 });
    expect((await list()).lines.join("\n")).toMatch(new RegExp(`^${kid}  retired `, "m"));

    await server.stop();
    expect(await list()).toMatchObject({
      code: 1,
      lines: [expect.stringMatching(/^No ASCI .* runs on \S+: start it/)],
    });
  });

  it("says that none runs where there is no such folder, and makes none", async () => {
    const folder = join(await emptyFolder(), "not-there");
    for (const args of [["list"], ["rotate"], ["retire", "x"]])
      expect(await run(args, { ASCI_DATA: folder })).toMatchObject({
        code: 1,
        lines: [expect.stringMatching(/^No ASCI .*not-there: start it/)],
      });
    await expect(chmod(folder, 0o700)).rejects.toMatchObject({ code: "ENOENT" });
  });
});
