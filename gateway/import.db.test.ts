import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { applyImport } from "../db/import.ts";
import type { Db } from "../db/client.ts";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";
import { emptyTables } from "../db/testing-empty.ts";

let gateway: TestGateway;
let root: Browser;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
});
afterAll(() => gateway.stop());
beforeEach(async () => {
  await emptyTables(owner(), "users, beamlines, experiments, groups, audit, posix_ids");
  await gateway.addUser("root", ["admin"]);
  root = await gateway.signIn("root");
});

type Kind = "people" | "beamlines" | "experiments" | "members";
const owner = () => gateway.database.owner.sql;
const lines = (...them: string[]) => `${them.join("\r\n")}\r\n`;

async function send(
  kind: Kind,
  csv: string | Uint8Array,
  query = "",
  by = root,
  type = "text/csv",
) {
  const response = await fetch(`${gateway.origin}/api/admin/import/${kind}${query}`, {
    method: "POST",
    headers: { origin: gateway.origin, cookie: by.cookie ?? "", "content-type": type },
    body: typeof csv === "string" ? csv : Uint8Array.from(csv),
  });
  return { status: response.status, body: (await response.json()) as Record<string, never> };
}
const tryOut = (kind: Kind, csv: string | Uint8Array, query = "?dryRun=true", by = root) =>
  send(kind, csv, query, by);

const none = { created: 0, changed: 0, unchanged: 0, removed: 0, faults: 0 };
const files = {
  beamlines: lines("code,name", "IMBL,Imaging and Medical", "MX2,Microfocus"),
  people: lines(
    "username;displayName;email;uid",
    "ada;Ada L.;ada@example.org;5001",
    'bob;"Bob; the ""builder""";;',
  ),
  experiments: lines(
    "code,beamline,title,startsAt,endsAt",
    "18342,IMBL,Lungs at rest,2026-11-01T08:00:00+11:00,2026-11-04",
    "17999,mx2,,2026-11-01,2026-11-01",
  ),
  members: lines("experiment\tusername\tuntil", "18342\tada\t", "18342\tbob\t2027-01-31"),
};
async function importAll() {
  for (const [kind, csv] of Object.entries(files))
    expect([kind, (await send(kind as Kind, csv)).status]).toEqual([kind, 200]);
}
/** Everything that an import could write, and whether it was written again. */
async function stored() {
  const [row] = await owner()`select
    (select jsonb_agg((to_jsonb(u) - 'last_sign_in_at') || jsonb_build_object('xmin', u.xmin::text) order by id) from users u) as users,
    (select jsonb_agg(to_jsonb(b) order by id) from beamlines b) as beamlines,
    (select jsonb_agg(to_jsonb(x) || jsonb_build_object('xmin', x.xmin::text) order by id) from experiments x) as experiments,
    (select jsonb_agg(to_jsonb(m) || jsonb_build_object('xmin', m.xmin::text) order by user_id, experiment_id) from members m) as members,
    (select count(*)::int from audit) as audit, (select last_value from uids) as uids`;
  return row;
}
async function membersOf(code: string) {
  const rows = await owner()<{ it: string }[]>`
    select u.username || coalesce(' ' || iso(m.until), '') as it from members m
    join users u on u.id = m.user_id join experiments x on x.id = m.experiment_id
    where x.code = ${code} order by 1`;
  return rows.map((row) => row.it);
}

describe("an import", () => {
  it("makes what is new, and the same file again changes nothing", async () => {
    for (const [kind, csv] of Object.entries(files))
      expect(await send(kind as Kind, csv)).toMatchObject({
        status: 200,
        body: {
          dryRun: false,
          counts: { ...none, created: 2 },
          lines: [
            { line: 2, effect: "create" },
            { line: 3, effect: "create" },
          ],
          faults: [],
        },
      });
    const before = await stored();
    for (const [kind, csv] of Object.entries(files)) {
      const { body } = await send(kind as Kind, csv);
      expect(body).toMatchObject({ counts: { ...none, unchanged: 2 } });
    }
    expect(await stored()).toEqual({ ...before, audit: Number(before?.["audit"]) + 4 });
    const rows = await owner()`select code, title, iso(starts_at) as starts, iso(ends_at) as ends,
      data_path, data_access from experiments order by code`;
    const common = { data_path: null, data_access: "write" };
    expect(rows).toEqual([
      {
        code: "17999",
        title: "",
        starts: "2026-11-01T00:00:00.000Z",
        ends: "2026-11-01T23:59:59.999Z",
        ...common,
      },
      {
        code: "18342",
        title: "Lungs at rest",
        starts: "2026-10-31T21:00:00.000Z",
        ends: "2026-11-04T23:59:59.999Z",
        ...common,
      },
    ]);
    expect(await membersOf("18342")).toEqual(["ada", "bob 2027-01-31T23:59:59.999Z"]);
    const [bob] =
      await owner()`select display_name, password_hash, to_jsonb(roles) as roles from users where username = 'bob'`;
    expect(bob).toEqual({
      display_name: 'Bob; the "builder"',
      password_hash: null,
      roles: ["user"],
    });
  });

  it("says of each line what it changes, leaves what it does not say, and keeps a code's case", async () => {
    await importAll();
    const people = lines("username,displayName,email", "bob,Bob,bob@example.org", "ada,Ada L.,");
    expect(await send("people", people)).toMatchObject({
      body: {
        counts: { ...none, changed: 1, unchanged: 1 },
        lines: [
          {
            line: 2,
            effect: "change",
            subject: "bob",
            changes: [
              { column: "displayName", from: 'Bob; the "builder"', to: "Bob" },
              { column: "email", from: null, to: "bob@example.org" },
            ],
          },
          { line: 3, effect: "unchanged", subject: "ada" },
        ],
      },
    });
    const [ada] = await owner()`select email, uid from users where username = 'ada'`;
    expect(ada).toEqual({ email: "ada@example.org", uid: 5001 });

    await send("beamlines", lines("code,name", "imbl,Imaging"));
    expect(await owner()`select code, name from beamlines order by 1`).toEqual([
      { code: "IMBL", name: "Imaging" },
      { code: "MX2", name: "Microfocus" },
    ]);
    const moved = lines(
      "code,beamline,dataPath,dataAccess,startsAt,endsAt",
      "18342,mx2,/data/x,read,2026-10-31T21:00:00Z,2026-11-04",
    );
    expect((await send("experiments", moved)).body["lines"]).toEqual([
      {
        line: 2,
        effect: "change",
        subject: "18342",
        changes: [
          { column: "beamline", from: "IMBL", to: "mx2" },
          { column: "dataPath", from: null, to: "/data/x" },
          { column: "dataAccess", from: "write", to: "read" },
        ],
      },
    ]);
    // Neither the title nor where the data lies is said, so they stay.
    const short = lines(
      "code,beamline,startsAt,endsAt",
      "18342,MX2,2026-10-31T21:00:00Z,2026-11-05",
    );
    await send("experiments", short);
    const [row] = await owner()`select x.title, x.data_path, b.code from experiments x
      join beamlines b on b.id = x.beamline_id where x.code = '18342'`;
    expect(row).toEqual({ title: "Lungs at rest", data_path: "/data/x", code: "MX2" });
  });

  it("on trial writes nothing, and says the same as in earnest", async () => {
    const before = await stored();
    const trial = await tryOut("people", files.people);
    expect(await stored()).toEqual(before);
    const { body } = await send("people", files.people);
    expect({ ...trial.body, dryRun: false }).toEqual(body);
    expect(trial.body["dryRun"]).toBe(true);
  });

  it("keeps what a spreadsheet would take for a formula as text", async () => {
    await send("beamlines", lines("code,name", "A,=1+1", "B,@x", "C,-1", "D,+1", "E,'=1"));
    const rows = await owner()`select name from beamlines order by code`;
    expect(rows.map((it) => it["name"])).toEqual(["=1+1", "@x", "-1", "+1", "'=1"]);
  });

  it("is in the audit trail with its counts, once, and not on trial", async () => {
    await importAll();
    await tryOut("people", files.people);
    await send("people", lines("username,displayName", "ada,"));
    const rows = await owner()`select actor_name, action, outcome, detail from audit
      where action like 'import.%' order by id`;
    const { faults: _, ...counts } = { ...none, created: 2 };
    const common = { actor_name: "root", outcome: "allowed" };
    expect(rows).toEqual([
      { ...common, action: "import.beamlines", detail: counts },
      { ...common, action: "import.people", detail: counts },
      { ...common, action: "import.experiments", detail: counts },
      {
        ...common,
        action: "import.members",
        detail: { ...counts, added: ["18342: ada", "18342: bob"], altered: [], removed: [] },
      },
    ]);
  });

  it("says so where another one is being written for longer than it waits", async () => {
    const answer = await owner().begin(async (sql) => {
      await sql`lock table members in share row exclusive mode`;
      // A dry run waits for nobody.
      expect((await tryOut("people", files.people)).status).toBe(200);
      return send("people", files.people);
    });
    expect(answer).toMatchObject({ status: 409, body: { code: "import_running" } });
    expect((await send("people", files.people)).status).toBe(200);
  });

  it("of the same file twice at once comes to the same as of one after the other", async () => {
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => send("people", files.people)),
    );
    expect(answers.map((it) => it.status)).toEqual([200, 200, 200, 200]);
  });
});

describe("members", () => {
  it("are added, and in place of the others only where that is asked for", async () => {
    await importAll();
    await send("people", lines("username,displayName", "eve,Eve"));
    await send("members", lines("experiment,username", "17999,ada"));
    const csv = lines("experiment,username", "18342,eve", "18342,bob");
    await send("members", csv);
    expect(await membersOf("18342")).toEqual(["ada", "bob", "eve"]);
    const before = await stored();
    const wanted = {
      counts: { ...none, unchanged: 2, removed: 1 },
      removed: ["18342: ada"],
    };
    expect((await tryOut("members", csv, "?dryRun=true&mode=replace")).body).toMatchObject(wanted);
    expect(await stored()).toEqual(before);
    expect((await send("members", csv, "?mode=replace")).body).toMatchObject(wanted);
    expect(await membersOf("18342")).toEqual(["bob", "eve"]);
    // What the file does not name stays.
    expect(await membersOf("17999")).toEqual(["ada"]);
    const [row] =
      await owner()`select detail from audit where action = 'import.members' order by id desc limit 1`;
    expect(row?.["detail"]).toMatchObject({ mode: "replace", removed: ["18342: ada"], added: [] });
  });

  it("who are named again without a date are members without an end", async () => {
    await importAll();
    await owner()`update members set until = '2020-01-01'`;
    const { body } = await send("members", lines("experiment,username", "18342,ada"));
    expect(body["lines"]).toEqual([
      {
        line: 2,
        effect: "change",
        subject: "18342: ada",
        changes: [{ column: "until", from: "2020-01-01T00:00:00.000Z", to: null }],
      },
    ]);
    expect(await membersOf("18342")).toContain("ada");
    const [row] =
      await owner()`select detail from audit where action = 'import.members' order by id desc limit 1`;
    expect(row?.["detail"]).toMatchObject({ added: [], altered: ["18342: ada"], removed: [] });
  });
});

type Fault = readonly [line: number, column: number | null, name: string | null, code: string];
const faultsIn = (body: Record<string, unknown>) =>
  (body["faults"] as Record<string, never>[]).map((it): Fault => [
    it["line"] as unknown as number,
    it["column"] as unknown as number,
    it["columnName"] as unknown as string,
    it["code"] as unknown as string,
  ]);

const people = "username,displayName,email,uid";
const experiments = "code,beamline,title,startsAt,endsAt,dataPath,dataAccess";
const x = (more: string) => lines(experiments, `1,IMBL,t,2026-11-01,2026-11-02,,`, more);
const faulty: [Kind, string, Fault[]][] = [
  ["people", lines(people, "Ada,Ada,,"), [[2, 1, "username", "invalid"]]],
  [
    "people",
    lines(people, "ada,,,", "", "eve,Eve,,x"),
    [
      [2, 2, "displayName", "required"],
      [4, 4, "uid", "invalid"],
    ],
  ],
  [
    "people",
    lines(people, "eve,E\u0007,eve@,999"),
    [
      [2, 2, "displayName", "invalid"],
      [2, 3, "email", "invalid"],
      [2, 4, "uid", "invalid"],
    ],
  ],
  ["people", lines(people, `eve,${"n".repeat(201)},,`), [[2, 2, "displayName", "invalid"]]],
  [
    "people",
    lines(people, "eve,E,,", "mal,M,,", "EVE,E,,"),
    [
      [4, 1, "username", "invalid"],
      [4, 1, "username", "twice"],
    ],
  ],
  [
    "people",
    lines(people, "a,A,x@example.org,6000", "b,B,X@example.org,6000"),
    [
      [3, 3, "email", "twice"],
      [3, 4, "uid", "twice"],
    ],
  ],
  [
    "people",
    lines(people, "ada,Ada,,5002", "eve,Eve,ada@example.org,5001", "fay,Fay,,7700"),
    [
      [2, 4, "uid", "uid_differs"],
      [3, 3, "email", "email_taken"],
      [3, 4, "uid", "uid_taken"],
      [4, 4, "uid", "uid_taken"],
    ],
  ],
  [
    "beamlines",
    lines("code,name", "a b,x", "../c,x"),
    [
      [2, 1, "code", "invalid"],
      [3, 1, "code", "invalid"],
    ],
  ],
  ["beamlines", lines("code,name", "new,x", "NEW,y"), [[3, 1, "code", "twice"]]],
  ["experiments", x("2,NONE,t,2026-11-01,2026-11-02,,"), [[3, 2, "beamline", "unknown_beamline"]]],
  ["experiments", x("2,IMBL,t,2026-11-03,2026-11-02,,"), [[3, 5, "endsAt", "ends_before_start"]]],
  [
    "experiments",
    x("2,IMBL,t,1.11.2026,2026-02-30,,"),
    [
      [3, 4, "startsAt", "invalid"],
      [3, 5, "endsAt", "invalid"],
    ],
  ],
  [
    "experiments",
    x("2,IMBL,t,2026-11-01T08:00:00,0000-01-01,,"),
    [
      [3, 4, "startsAt", "invalid"],
      [3, 5, "endsAt", "invalid"],
    ],
  ],
  [
    "experiments",
    x("2,IMBL,t,2026-11-01,2026-11-02,/data/../etc,all"),
    [
      [3, 6, "dataPath", "invalid"],
      [3, 7, "dataAccess", "invalid"],
    ],
  ],
  ["experiments", x("2,IMBL,t,2026-11-01,2026-11-02,data,"), [[3, 6, "dataPath", "invalid"]]],
  ["experiments", x("1,IMBL,t,2026-11-01,2026-11-02,,"), [[3, 1, "code", "twice"]]],
  [
    "members",
    lines("username,experiment", "nobody,18342", "ada,none"),
    [
      [2, 1, "username", "unknown_person"],
      [3, 2, "experiment", "unknown_experiment"],
    ],
  ],
  [
    "members",
    lines("username,experiment,until", "ada,18342,soon", "ada,18342,"),
    [
      [2, 3, "until", "invalid"],
      [3, 1, "username", "twice"],
    ],
  ],
  [
    "members",
    lines("username,experiment,colour", "ada,18342,red"),
    [[1, 3, "colour", "unknown_column"]],
  ],
  ["members", lines("username", "ada"), [[1, null, "experiment", "missing_column"]]],
  [
    "members",
    lines("username,experiment", "ada", "ada,18342,2026"),
    [
      [2, 1, null, "too_few_fields"],
      [3, 3, null, "too_many_fields"],
    ],
  ],
  [
    "members",
    'username,experiment\nada,18342\nbob,"18342\n',
    [[3, 2, "experiment", "unterminated_quote"]],
  ],
  ["members", "", [[1, null, null, "empty"]]],
  ["members", "username,experiment\nada,18342\0", [[2, 2, "experiment", "wrong_encoding"]]],
];

describe("a file with faults", () => {
  it.each(faulty)(
    "%s %j: each by line and column, and nothing is written",
    async (kind, csv, wanted) => {
      await importAll();
      await owner()`insert into groups (name, gid) values ('crew', 7700)`;
      const before = await stored();
      const trial = await tryOut(kind, csv);
      expect(trial).toMatchObject({
        status: 200,
        body: { counts: { faults: expect.any(Number) } },
      });
      const order = (it: readonly Fault[]) =>
        it.toSorted((a, b) => String(a).localeCompare(String(b)));
      // A line with quotes that never close says more than one thing.
      expect(order(faultsIn(trial.body))).toEqual(expect.arrayContaining(order(wanted)));
      const answer = await send(kind, csv);
      expect(answer).toMatchObject({
        status: 400,
        body: { code: "import_faults", detail: expect.stringContaining(`line ${wanted[0]?.[0]}`) },
      });
      expect(faultsIn(answer.body)).toEqual(faultsIn(trial.body));
      expect(await stored()).toEqual(before);
      if (!csv.includes('"')) expect(order(faultsIn(answer.body))).toEqual(order(wanted));
    },
  );

  it("names both lines of what stands twice, and both spellings", async () => {
    const { body } = await tryOut("beamlines", lines("code,name", "a,A", "", "b,B", "A,A"));
    expect(body["faults"]).toMatchObject([
      { line: 5, message: "A stands on line 2 already, there as a" },
    ]);
  });

  it("tells of them in the order of the file, whoever found them", async () => {
    await importAll();
    const csv = lines(people, "ada,Ada,,5002", "eve,,,", "mal,M,ada@example.org,x");
    expect(faultsIn((await tryOut("people", csv)).body)).toEqual([
      [2, 4, "uid", "uid_differs"],
      [3, 2, "displayName", "required"],
      [4, 3, "email", "email_taken"],
      [4, 4, "uid", "invalid"],
    ]);
  });

  it("says what its other lines would do", async () => {
    const { body } = await tryOut("beamlines", lines("code,name", "a,A", "b,", '"c","C"'));
    expect(body).toMatchObject({
      counts: { ...none, created: 2, faults: 1 },
      lines: [
        { line: 2, subject: "a" },
        { line: 4, subject: "c" },
      ],
    });
  });

  it("tells at most a thousand, and how many more there are", async () => {
    const many = Array.from({ length: 1200 }, () => "no code,x");
    const { body } = await tryOut("beamlines", lines("code,name", ...many));
    expect(body["faults"]).toHaveLength(1000);
    // Each but the first stands twice as well.
    expect(body).toMatchObject({ counts: { faults: 2399 }, cut: { faults: 1399 } });
  });
});

describe("what is sent", () => {
  const latin1 = Uint8Array.from("code,name\r\nB1,Zo\xeb\r\n", (it) => it.charCodeAt(0));
  it("is refused in an encoding that nobody named, by line and column", async () => {
    const answer = await send("beamlines", latin1);
    expect(answer).toMatchObject({ status: 400, body: { code: "import_faults" } });
    expect(answer.body["faults"]).toMatchObject([
      {
        line: 2,
        column: 2,
        columnName: "name",
        code: "wrong_encoding",
        message: expect.stringContaining("0xEB"),
      },
    ]);
  });

  it.each([
    ["text/csv; charset=windows-1252", latin1],
    [
      'Text/CSV; header=present; charset="UTF-8"',
      new TextEncoder().encode("\ufeffcode,name\r\nB1,Zoë"),
    ],
    ["text/csv", Uint8Array.from(Buffer.from("\ufeffcode;name\r\nB1;Zoë", "utf16le"))],
    ["text/csv", Uint8Array.from(Buffer.from("\ufeffcode;name\r\nB1;Zoë", "utf16le").swap16())],
  ])("is read: %s", async (type, bytes) => {
    expect((await send("beamlines", bytes, "", root, type)).status).toBe(200);
    expect(await owner()`select name from beamlines`).toEqual([{ name: "Zoë" }]);
  });

  it.each([
    ["application/json", "media_type"],
    ["text/csv; charset=klingon", "media_type"],
  ])("is refused as %s", async (type, code) => {
    const answer = await send("beamlines", "code,name", "", root, type);
    expect(answer).toMatchObject({ status: 415, body: { code } });
  });

  it("has a query that is checked", async () => {
    expect((await send("members", files.members, "?dryRun=yes")).status).toBe(400);
    expect((await send("members", files.members, "?mode=delete")).status).toBe(400);
  });

  it("may have 8 MiB and 20000 lines", async () => {
    const long = `code,name\r\n${"\r\n".repeat(1024 * 1024)}a,A\r\n`;
    expect((await tryOut("beamlines", long)).body).toMatchObject({ counts: { created: 1 } });
    const tooLong = `code,name\r\n${"\r\n".repeat(4 * 1024 * 1024)}`;
    expect(await tryOut("beamlines", tooLong)).toMatchObject({
      status: 413,
      body: { code: "too_large", detail: "The body is over 8 MiB." },
    });
    const many = Array.from({ length: 20_001 }, (_, n) => `b${n},x`);
    const { body } = await tryOut("beamlines", lines("code,name", ...many));
    expect(faultsIn(body)).toEqual([[1, null, null, "too_many_lines"]]);
  });

  it("of 10000 lines is written as one, with as many statements as of one", async () => {
    await importAll();
    const csv = lines(
      people,
      ...Array.from({ length: 10_000 }, (_, n) => `p${n},P ${n},p${n}@x.org,`),
    );
    expect((await send("people", csv)).body["counts"]).toEqual({ ...none, created: 10_000 });
    expect((await send("people", csv)).body["counts"]).toEqual({ ...none, unchanged: 10_000 });
    const members = lines(
      "experiment,username",
      ...Array.from({ length: 10_000 }, (_, n) => `18342,p${n}`),
    );
    expect((await send("members", members, "?mode=replace")).body["counts"]).toEqual({
      ...none,
      created: 10_000,
      removed: 2,
    });
  });

  it.each(["people", "beamlines", "experiments", "members"] as const)(
    "%s: the number of statements does not grow with the lines",
    async (kind) => {
      await importAll();
      const { db } = gateway.database.as("gateway");
      const rowOf = (n: number) => ({
        people: { username: `q${n}`, displayName: "P", email: null, uid: null },
        beamlines: { code: `b${n}`, name: "B" },
        experiments: {
          code: `x${n}`,
          beamline: "IMBL",
          startsAt: "2026-11-01T00:00:00.000Z",
          endsAt: "2026-11-02T00:00:00.000Z",
        },
        members: { experiment: "18342", username: `p${n}`, until: null },
      });
      await send("people", lines(people, ...Array.from({ length: 201 }, (_, n) => `p${n},P,,`)));
      const count = async (from: number, to: number) => {
        let statements = 0;
        const counted = new Proxy(db, {
          get: (target, name) =>
            name === "transaction"
              ? (work: (tx: Db) => Promise<unknown>) =>
                  target.transaction((tx) =>
                    work(
                      new Proxy(tx as unknown as Db, {
                        get(inner, name) {
                          if (name === "execute") statements += 1;
                          const value: unknown = Reflect.get(inner, name, inner);
                          return typeof value === "function" ? value.bind(inner) : value;
                        },
                      }),
                    ),
                  )
              : Reflect.get(target, name, target),
        });
        const rows = Array.from({ length: to - from }, (_, n) => rowOf(from + n)[kind]);
        const options = { kind, reach: "all", dryRun: false, also: async () => {} } as const;
        const { effects } = await applyImport(counted, rows, {
          ...options,
          replace: kind === "members",
        });
        expect(effects).toHaveLength(to - from);
        return statements;
      };
      const one = await count(0, 1);
      expect(one).toBeGreaterThan(2);
      expect(await count(1, 201)).toBe(one);
    },
  );
});

describe("staff", () => {
  let sam: Browser;
  beforeEach(async () => {
    await importAll();
    const id = await gateway.addUser("sam", ["staff"]);
    await owner()`insert into beamline_staff select id, ${id} from beamlines where code = 'IMBL'`;
    sam = await gateway.signIn("sam");
  });
  const header = "code,beamline,startsAt,endsAt";

  it("import experiments and members of their beamlines", async () => {
    const own = lines(header, "new,imbl,2026-11-01,2026-11-02", "18342,IMBL,2026-11-01,2026-11-02");
    expect((await send("experiments", own, "", sam)).body).toMatchObject({
      counts: { ...none, created: 1, changed: 1 },
    });
    const members = lines("experiment,username", "new,ada");
    expect((await send("members", members, "?mode=replace", sam)).status).toBe(200);
    expect(await membersOf("new")).toEqual(["ada"]);
    const [row] = await owner()`select data_path, data_access from experiments where code = 'new'`;
    expect(row).toEqual({ data_path: null, data_access: "write" });
  });

  it.each<[Kind, string, Fault[]]>([
    [
      "experiments",
      lines(header, "new,MX2,2026-11-01,2026-11-02"),
      [[2, 2, "beamline", "unknown_beamline"]],
    ],
    [
      "experiments",
      lines(header, "17999,IMBL,2026-11-01,2026-11-02"),
      [[2, 1, "code", "code_taken"]],
    ],
    [
      "members",
      lines("experiment,username", "17999,ada"),
      [[2, 1, "experiment", "unknown_experiment"]],
    ],
  ])("reach nothing of others: %s %j", async (kind, csv, wanted) => {
    const before = await stored();
    const answer = await send(kind, csv, kind === "members" ? "?mode=replace" : "", sam);
    expect(answer.status).toBe(400);
    expect(faultsIn(answer.body)).toEqual(wanted);
    expect(await stored()).toEqual(before);
  });

  it("of two beamlines do not move what is of one to the other", async () => {
    await owner()`insert into beamline_staff select b.id, u.id from beamlines b, users u
      where u.username = 'sam' on conflict do nothing`;
    const answer = await send(
      "experiments",
      lines(header, "18342,MX2,2026-11-01,2026-11-02"),
      "",
      sam,
    );
    expect(faultsIn(answer.body)).toEqual([[2, 2, "beamline", "beamline_differs"]]);
  });

  it("never say where data lies, which is in the audit trail where they tried", async () => {
    const csv = lines(
      `${header},dataPath,dataAccess`,
      "new,IMBL,2026-11-01,2026-11-02,/data/all,read",
    );
    const wanted: Fault[] = [
      [2, 5, "dataPath", "role_missing"],
      [2, 6, "dataAccess", "role_missing"],
    ];
    expect(faultsIn((await tryOut("experiments", csv, "?dryRun=true", sam)).body)).toEqual(wanted);
    const refused = () => owner()`select actor_name, action, detail from audit
      where outcome = 'refused' order by id`;
    expect(await refused()).toEqual([]);
    expect(faultsIn((await send("experiments", csv, "", sam)).body)).toEqual(wanted);
    expect(await refused()).toEqual([
      { actor_name: "sam", action: "import.experiments", detail: { reason: "role_missing" } },
    ]);
    expect(await owner()`select 1 from experiments where code = 'new'`).toEqual([]);
    // A column with nothing in it says nothing.
    const empty = lines(`${header},dataPath`, "new,IMBL,2026-11-01,2026-11-02,");
    expect((await send("experiments", empty, "", sam)).status).toBe(200);
  });

  it("import neither people nor beamlines", async () => {
    for (const kind of ["people", "beamlines"] as const)
      expect(await send(kind, files[kind], "", sam)).toMatchObject({
        status: 403,
        body: { code: "role_missing" },
      });
  });

  it("may use a token for it that is for synchronising", async () => {
    const { body } = await sam.call("POST", "/api/tokens", { name: "t", scopes: ["sync"] });
    const response = await fetch(`${gateway.origin}/api/admin/import/members?dryRun=true`, {
      method: "POST",
      headers: { authorization: `Bearer ${String(body["token"])}`, "content-type": "text/csv" },
      body: files.members,
    });
    expect(response.status).toBe(200);
  });
});
