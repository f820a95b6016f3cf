/** Rules: written, read, ordered, deleted and restored by administrators. */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";
import { emptyTables } from "../db/testing-empty.ts";

let gateway: TestGateway;
let root: Browser;
let kim: Browser;

const owner = () => gateway.database.owner.sql;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  await gateway.addUser("root", ["admin"]);
  await gateway.addUser("kim", ["admin"]);
  await gateway.addUser("ada");
  root = await gateway.signIn("root");
  kim = await gateway.signIn("kim");
});
afterAll(() => gateway.stop());
beforeEach(async () => {
  await emptyTables(owner(), "rules, rule_versions, audit, environments, beamlines, instances");
  await owner()`update nodes set ready = true, last_seen_at = now(), cpus = 16, memory_bytes = 64000000000,
    set_labels = '{"zone":"b1"}'`;
});

type Rule = Record<string, unknown> & {
  id: string;
  name: string;
  priority: number;
  version: number;
};
const path = "/api/admin/rules";
async function add(body: object, browser = root): Promise<Rule> {
  const answer = await browser.call("POST", path, body);
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return answer.body as unknown as Rule;
}
async function list(query = "") {
  const { body } = await root.call("GET", `${path}${query}`);
  return body as unknown as { items: Rule[]; nextCursor: string | null };
}
const namesOf = async (query = "") => (await list(query)).items.map((it) => it.name);
const versions = async (id: string) =>
  (await root.call("GET", `${path}/${id}/versions`)).body.items as Record<string, unknown>[];
const trail = () =>
  owner()`select actor_name as actor, action, subject_kind as kind, subject_id as id, detail from audit
    where action like 'rule.%' order by audit.id`;

describe("a rule", () => {
  it("is added with what is usual where nothing is said", async () => {
    const made = await add({ name: " GPU nodes " });
    expect(made).toMatchObject({
      name: "GPU nodes",
      priority: 0,
      enabled: true,
      when: {},
      then: {},
      version: 1,
      matchedLastWeek: 0,
      updatedBy: "root",
    });
    expect((await root.call("GET", `${path}/${made.id}`)).body).toEqual(made);
  });

  it("keeps all that it says", async () => {
    const rule = {
      name: "Everything",
      priority: 70,
      enabled: false,
      when: {
        environment: ["tomo", "paraview"],
        kind: "desktop",
        beamline: "IMBL",
        experiment: ["18342"],
        user: "ada",
        role: ["user", "staff"],
        from: "2026-01-01T00:00:00Z",
        until: "2026-02-01T00:00:00+10:00",
      },
      then: {
        require: "zone in (b1,b2),!maintenance",
        prefer: [{ selector: "gpu=a100", weight: 40 }],
        strategy: "pack",
        resources: { cpus: 4, memoryBytes: 8e9, gpus: 1, gpuMemoryBytes: null },
        limits: { perPerson: 2, perExperiment: 3, perBeamline: 4, total: 5 },
        lifetime: { maxMinutes: 480 },
        dedicate: true,
        priority: 10,
      },
    };
    expect(await add(rule)).toMatchObject(rule);
  });

  it("is changed in parts, and `when` and `then` as a whole", async () => {
    const { id } = await add({ name: "One", when: { user: "ada" }, then: { strategy: "pack" } });
    const { body } = await kim.call("PATCH", `${path}/${id}`, {
      then: { priority: 3 },
      reason: "because",
    });
    expect(body).toMatchObject({
      name: "One",
      when: { user: "ada" },
      then: { priority: 3 },
      version: 2,
      updatedBy: "kim",
    });
    expect(body["then"]).not.toHaveProperty("strategy");
  });

  it("has every state it ever was in, by whom and why, also when it is deleted", async () => {
    const { id } = await add({ name: "One", reason: "first" });
    await kim.call("PATCH", `${path}/${id}`, { priority: 5, reason: "second" });
    expect((await root.call("DELETE", `${path}/${id}?reason=gone%20now`)).status).toBe(204);
    expect(await versions(id)).toMatchObject([
      { version: 3, name: "One", priority: 5, deleted: true, author: "root", reason: "gone now" },
      { version: 2, priority: 5, deleted: false, author: "kim", reason: "second" },
      { version: 1, priority: 0, deleted: false, author: "root", reason: "first" },
    ]);
    expect(await root.call("GET", `${path}/${id}`)).toMatchObject({ status: 404 });
  });

  it("is in the audit trail with each change, and what was refused is not", async () => {
    const { id } = await add({ name: "One", then: { strategy: "pack" } });
    await root.call("POST", path, { name: "ONE" });
    await kim.call("PATCH", `${path}/${id}`, { enabled: false, version: 1, reason: "so" });
    await kim.call("PATCH", `${path}/${id}`, { enabled: true, version: 1 });
    await root.call("DELETE", `${path}/${id}`);
    await root.call("DELETE", `${path}/${id}`);
    expect(await trail()).toEqual([
      {
        actor: "root",
        action: "rule.create",
        kind: "rule",
        id,
        detail: {
          name: "One",
          priority: 0,
          enabled: true,
          when: {},
          then: { strategy: "pack" },
          reason: "",
        },
      },
      {
        actor: "kim",
        action: "rule.change",
        kind: "rule",
        id,
        detail: { enabled: false, reason: "so" },
      },
      {
        actor: "root",
        action: "rule.delete",
        kind: "rule",
        id,
        detail: { name: "One", reason: "" },
      },
    ]);
    expect(await owner()`select count(*)::int as n from rule_versions`).toEqual([{ n: 3 }]);
  });

  it("is named in the trail that is read", async () => {
    await add({ name: "One" });
    const { body } = await root.call("GET", "/api/admin/audit?action=rule.*");
    expect(body.items).toMatchObject([{ subjectKind: "rule", subject: "One" }]);
  });

  it("is not changed over somebody else's change", async () => {
    const { id } = await add({ name: "One" });
    const attempts = await Promise.all(
      [root, kim, root, kim].map((it, n) =>
        it.call("PATCH", `${path}/${id}`, { priority: n + 1, version: 1 }),
      ),
    );
    expect(attempts.map((it) => it.status).sort()).toEqual([200, 409, 409, 409]);
    const refused = attempts.find((it) => it.status === 409);
    expect(refused?.body).toMatchObject({ code: "rule_changed", version: 2 });
    expect(await versions(id)).toHaveLength(2);
  });

  it("has a name that no other has, whatever its case", async () => {
    await add({ name: "One" });
    const two = await add({ name: "Two" });
    const taken = { status: 409, body: { code: "rule_name_taken" } };
    expect(await root.call("POST", path, { name: "one" })).toMatchObject(taken);
    expect(await root.call("PATCH", `${path}/${two.id}`, { name: "ONE" })).toMatchObject(taken);
    expect((await list()).items).toHaveLength(2);
  });

  it("spells codes as they are, and keeps those that may come later", async () => {
    await owner()`with b as (insert into beamlines (code, name) values ('IMBL', 'Imaging') returning id)
      insert into experiments (code, beamline_id, starts_at, ends_at) select 'Ab-1', id, now(), now() + interval '1 day' from b`;
    const when = { beamline: ["imbl", "later"], experiment: "AB-1" };
    expect(await add({ name: "One", when })).toMatchObject({
      when: { beamline: ["IMBL", "later"], experiment: "Ab-1" },
    });
  });
});

describe("the examples of the guide", () => {
  it("can all be saved as they stand there", async () => {
    const guide = await readFile(join(import.meta.dirname, "..", "docs", "rules.md"), "utf8");
    const examples = [...guide.matchAll(/```json\n([^]*?)```/g)].map(([, text]) => text ?? "");
    expect(examples.length).toBeGreaterThan(5);
    for (const example of examples)
      await add({ ...(JSON.parse(example) as object), confirm: true });
  });
});

describe("a rule is refused", () => {
  const faults = async (body: object) => {
    const answer = await root.call("POST", path, { name: "One", ...body });
    expect(answer).toMatchObject({ status: 400, body: { code: "validation" } });
    return answer.body["errors"];
  };

  it("for a selector's fault, at its characters", async () => {
    expect(await faults({ then: { require: "zone=b1,gpu in a100" } })).toEqual([
      { path: "then.require", message: expect.stringContaining("("), at: 15, end: 19 },
    ]);
    const prefer = ["zone", "gpu==", "rack!"].map((selector) => ({ selector, weight: 1 }));
    expect(await faults({ then: { require: "a b", prefer } })).toMatchObject([
      { path: "then.require", at: 2, end: 3 },
      { path: "then.prefer.1.selector", at: 3, end: 5 },
      { path: "then.prefer.2.selector", at: 4, end: 5 },
    ]);
  });

  it("for a selector's fault in a change, which changes nothing", async () => {
    const { id } = await add({ name: "One" });
    const answer = await root.call("PATCH", `${path}/${id}`, { then: { require: "zone=" } });
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ path: "then.require", at: 4, end: 5 }] },
    });
    expect(answer.body["detail"]).toContain("then.require, character 5");
    expect(await versions(id)).toHaveLength(1);
  });

  it.each([
    [{ name: "" }, "name"],
    [{ name: "x".repeat(101) }, "name"],
    [{ name: "a\u0000b" }, "name"],
    [{ priority: 1.5 }, "priority"],
    [{ priority: 1_000_001 }, "priority"],
    [{ enabled: "yes" }, "enabled"],
    [{ when: { room: "b1" } }, "when"],
    [{ when: { environment: [] } }, "when.environment"],
    [{ when: { role: "king" } }, "when.role"],
    [{ when: { from: "yesterday" } }, "when.from"],
    [{ when: { from: "2026-02-01T00:00:00Z", until: "2026-01-01T00:00:00Z" } }, "when.until"],
    [{ when: { from: "2026-02-01T00:00:00Z", until: "2026-02-01T10:00:00+10:00" } }, "when.until"],
    [{ then: { require: "x".repeat(2001) } }, "then.require"],
    [{ then: { prefer: [{ selector: "a", weight: 101 }] } }, "then.prefer.0.weight"],
    [{ then: { strategy: "throw" } }, "then.strategy"],
    [{ then: { resources: { cpus: -1 } } }, "then.resources.cpus"],
    [{ then: { resources: { memoryBytes: 0 } } }, "then.resources.memoryBytes"],
    [{ then: { resources: { gpus: 17 } } }, "then.resources.gpus"],
    [{ then: { limits: { total: 0 } } }, "then.limits.total"],
    [{ then: { lifetime: { maxMinutes: 4 } } }, "then.lifetime.maxMinutes"],
    [{ then: { order: 1 } }, "then"],
  ])("for %j", async (body, where) => {
    expect(await faults(body)).toMatchObject([{ path: where }]);
    expect(await namesOf()).toEqual([]);
  });

  it("where it is changed in nothing", async () => {
    const { id } = await add({ name: "One" });
    for (const body of [{}, { reason: "so" }, { version: 1 }, { confirm: true }])
      expect(await root.call("PATCH", `${path}/${id}`, body)).toMatchObject({ status: 400 });
  });

  it("where there is none", async () => {
    const none = `${path}/${randomUUID()}`;
    const unknown = { status: 404, body: { code: "not_found" } };
    expect(await root.call("GET", none)).toMatchObject(unknown);
    expect(await root.call("PATCH", none, { enabled: false })).toMatchObject(unknown);
    expect(await root.call("DELETE", none)).toMatchObject(unknown);
    expect(await root.call("GET", `${none}/versions`)).toMatchObject(unknown);
    expect(await root.call("POST", `${none}/restore`, { version: 1 })).toMatchObject(unknown);
  });
});

describe("rules", () => {
  it("are listed as they are asked, by priority and then by name, and in other orders", async () => {
    for (const [name, priority] of [
      ["b", 5],
      ["A", 5],
      ["c", 9],
      ["d", -3],
    ] as const)
      await add({ name, priority });
    expect(await namesOf()).toEqual(["c", "A", "b", "d"]);
    expect(await namesOf("?sort=priority")).toEqual(["d", "b", "A", "c"]);
    expect(await namesOf("?sort=name")).toEqual(["A", "b", "c", "d"]);
    expect(await namesOf("?sort=-name")).toEqual(["d", "c", "b", "A"]);
  });

  it.each(["-priority", "priority", "name", "-name"])(
    "are paged without gaps by %s",
    async (sort) => {
      const emoji = "🧪".repeat(49);
      for (const n of [1, 2, 3, 4, 5]) await add({ name: `${n}${emoji}`, priority: n % 2 });
      const all = await namesOf(`?sort=${sort}`);
      const seen: string[] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const page = await list(
          `?sort=${sort}&limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        seen.push(...page.items.map((it) => it.name));
        cursor = page.nextCursor;
      }
      expect(seen).toEqual(all);
      expect(all).toHaveLength(5);
    },
  );

  it("are found by name, condition and effect", async () => {
    await add({ name: "One", when: { beamline: "IMBL" } });
    await add({ name: "Two", then: { require: "zone=b1" } });
    expect(await namesOf("?search=two")).toEqual(["Two"]);
    expect(await namesOf("?search=imbl")).toEqual(["One"]);
    expect(await namesOf("?search=zone%3Db1")).toEqual(["Two"]);
    expect(await namesOf("?search=none")).toEqual([]);
  });

  it("refuse another list's cursor", async () => {
    const cursor = encodeURIComponent(btoa("root"));
    expect(await root.call("GET", `${path}?cursor=${cursor}`)).toMatchObject({ status: 400 });
  });

  it("are told with the starts of the last week that each matches", async () => {
    await owner()`
      with e as (insert into environments (slug, name, kind) values ('tomo', 'T', 'desktop'), ('other', 'O', 'desktop') returning id, slug),
        v as (insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from e returning *),
        i as (insert into instances (name, environment_id, version_id, owner_id, state, node_id)
          select e.slug, e.id, v.id, u.id, 'stopped', ${gateway.database.nodeId} from e join v on v.environment_id = e.id, users u
          where u.username = 'ada' returning *)
      insert into incarnations (instance_id, number, node_id, vnc_control, vnc_view, queued_at, placed_at)
      select i.id, n, ${gateway.database.nodeId}, 'a', 'b', now() - n * interval '1 day', now() - n * interval '1 day'
      from i, generate_series(1, 9) n`;
    const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
    const cases = {
      all: [{}, 12],
      "one environment": [{ environment: "tomo" }, 6],
      "a person in one of two": [{ environment: ["other", "none"], user: "ada" }, 6],
      "another person": [{ user: "root" }, 0],
      "of three days": [{ environment: "tomo", from: ago(4.5), until: ago(1.5) }, 3],
      "until then": [{ until: ago(3.5) }, 6],
      "from later on": [{ from: ago(-1) }, 0],
    } as const;
    for (const [name, [when]] of Object.entries(cases))
      await add({ name, when, enabled: name !== "all" });
    const counted = Object.fromEntries(
      (await list()).items.map((it) => [it.name, it["matchedLastWeek"]]),
    );
    expect(counted).toEqual(
      Object.fromEntries(Object.entries(cases).map(([name, [, n]]) => [name, n])),
    );
  });
});

describe("the order", () => {
  const ids = async (...names: string[]) => {
    const { items } = await list();
    return names.map((name) => items.find((it) => it.name === name)?.id ?? "");
  };
  const order = (body: object, browser = root) => browser.call("POST", `${path}/order`, body);

  beforeEach(async () => {
    for (const [name, priority] of [
      ["a", 30],
      ["b", 20],
      ["c", 10],
    ] as const)
      await add({ name, priority });
  });

  it("is changed with one version for each rule that has another priority", async () => {
    const answer = await order({ ids: await ids("a", "c", "b"), reason: "c first" });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        items: [{ name: "a", priority: 30 }, { name: "c" }, { name: "b" }],
        nextCursor: null,
      },
    });
    expect(await namesOf()).toEqual(["a", "c", "b"]);
    const [a, b, c] = await ids("a", "b", "c");
    const counts = await Promise.all(
      [a, b, c].map(async (id) => (await versions(id ?? "")).length),
    );
    expect(counts.sort()).toEqual([1, 1, 2]);
    const moved =
      await owner()`select author_name as author, reason from rule_versions where version = 2`;
    expect(moved).toEqual([{ author: "root", reason: "c first" }]);
    expect(await trail()).toMatchObject([
      {},
      {},
      {},
      { action: "rule.order", detail: { reason: "c first" } },
    ]);
  });

  it("is not changed with a rule too few, one too many, or one twice", async () => {
    const [a = "", b = "", c = ""] = await ids("a", "b", "c");
    const changed = { status: 409, body: { code: "rule_changed" } };
    expect(await order({ ids: [a, b] })).toMatchObject(changed);
    expect(await order({ ids: [a, b, c, randomUUID()] })).toMatchObject(changed);
    expect(await order({ ids: [a, b, randomUUID()] })).toMatchObject(changed);
    for (const bad of [[a, b, c, a], [a, a, b], [], ["x"]])
      expect(await order({ ids: bad })).toMatchObject({
        status: 400,
        body: { code: "validation" },
      });
    expect(await namesOf()).toEqual(["a", "b", "c"]);
  });

  it("is one of those that were asked for, whoever asks at once", async () => {
    const [a = "", b = "", c = ""] = await ids("a", "b", "c");
    const asked = [
      [c, b, a],
      [b, a, c],
      [c, a, b],
      [b, c, a],
    ];
    const answers = await Promise.all(asked.map((it, n) => order({ ids: it }, n % 2 ? kim : root)));
    expect(answers.map((it) => it.status)).toEqual([200, 200, 200, 200]);
    expect(asked).toContainEqual((await list()).items.map((it) => it.id));
  });
});

describe("a rule is restored", () => {
  const restore = (id: string, body: object) => root.call("POST", `${path}/${id}/restore`, body);

  it("to what it was, with all that it was since kept", async () => {
    const { id } = await add({ name: "One", priority: 1, then: { strategy: "pack" } });
    await kim.call("PATCH", `${path}/${id}`, { name: "Two", priority: 2, then: {} });
    expect(await restore(id, { version: 1, reason: "back" })).toMatchObject({
      status: 200,
      body: {
        id,
        name: "One",
        priority: 1,
        then: { strategy: "pack" },
        version: 3,
        updatedBy: "root",
      },
    });
    expect((await versions(id)).map((it) => it["reason"])).toEqual(["back", "", ""]);
  });

  it("after it was deleted, under its id, with its versions going on", async () => {
    const { id } = await add({ name: "One", when: { user: "ada" } });
    await root.call("DELETE", `${path}/${id}`);
    for (const version of [2, 1]) {
      const answer = await restore(id, { version });
      expect(answer).toMatchObject({
        status: 200,
        body: { id, name: "One", when: { user: "ada" } },
      });
    }
    expect((await versions(id)).map((it) => [it["version"], it["deleted"]])).toEqual([
      [4, false],
      [3, false],
      [2, true],
      [1, false],
    ]);
    expect((await trail()).map((it) => it["action"])).toEqual([
      "rule.create",
      "rule.delete",
      "rule.restore",
      "rule.restore",
    ]);
  });

  it("but not over another of that name, nor to what it never was", async () => {
    const { id } = await add({ name: "One" });
    await root.call("DELETE", `${path}/${id}`);
    await add({ name: "one" });
    expect(await restore(id, { version: 1 })).toMatchObject({
      status: 409,
      body: { code: "rule_name_taken" },
    });
    expect(await restore(id, { version: 7 })).toMatchObject({ status: 404 });
    expect(await restore(id, {})).toMatchObject({ status: 400 });
    expect(await namesOf()).toEqual(["one"]);
  });
});

describe("a rule that locks everyone out", () => {
  const nowhere = { require: "zone=none" };
  const asked = {
    status: 409,
    body: {
      code: "locks_out",
      detail: expect.stringContaining("confirm: true"),
      warnings: [expect.objectContaining({ rule: "One", path: "then.require" })],
    },
  };

  it.each([
    [{ require: "zone=b1,zone=b2" }, {}, "contradiction", "then.require"],
    [{ require: "zone=none" }, {}, "locks_out", "then.require"],
    [{ resources: { memoryBytes: 1e15 } }, {}, "locks_out", "then.resources"],
    [{ resources: { gpus: 1 } }, { user: "ada" }, "locks_out", "then.resources"],
    [{ require: "zone=none" }, { role: "staff" }, "matches_no_node", "then.require"],
  ])("with %j when %j is asked for twice", async (then, when, code, where) => {
    await owner()`with e as (insert into environments (slug, name, kind) values ('tomo', 'T', 'desktop') returning id)
      insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from e`;
    const answer = await root.call("POST", path, { name: "One", then, when });
    expect(answer).toMatchObject({ status: 409, body: { code: "locks_out" } });
    expect(answer.body["warnings"]).toContainEqual(
      expect.objectContaining({ code, rule: "One", path: where }),
    );
    await add({ name: "One", then, when, confirm: true });
  });

  it("by the order alone is asked for twice, and not for what is so already", async () => {
    await owner()`with e as (insert into environments (slug, name, kind) values ('tomo', 'T', 'desktop') returning id)
      insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from e`;
    const large = await add({ name: "Large", then: { resources: { cpus: 100 } }, enabled: false });
    const small = await add({ name: "Small", priority: 9, then: { resources: { cpus: 1 } } });
    await root.call("PATCH", `${path}/${large.id}`, { enabled: true });
    const order = (ids: string[], more = {}) =>
      root.call("POST", `${path}/order`, { ids, ...more });
    const refused = await order([large.id, small.id]);
    expect(refused).toMatchObject({
      status: 409,
      body: { code: "locks_out", warnings: [{ code: "locks_out", path: "then.resources" }] },
    });
    expect(await namesOf()).toEqual(["Small", "Large"]);
    expect(await order([large.id, small.id], { confirm: true })).toMatchObject({ status: 200 });
    expect(await order([large.id, small.id])).toMatchObject({ status: 200 });
  });

  it("is asked for twice", async () => {
    expect(await root.call("POST", path, { name: "One", then: nowhere })).toMatchObject(asked);
    expect(await namesOf()).toEqual([]);
    await add({ name: "One", then: nowhere, confirm: true });
    expect(await namesOf()).toEqual(["One"]);
  });

  it("is asked for twice where it becomes one, or is one again", async () => {
    const { id } = await add({ name: "One", then: nowhere, enabled: false });
    expect(await root.call("PATCH", `${path}/${id}`, { enabled: true })).toMatchObject(asked);
    expect(
      await root.call("PATCH", `${path}/${id}`, { enabled: true, confirm: true }),
    ).toMatchObject({ status: 200 });
    expect(await root.call("PATCH", `${path}/${id}`, { then: {} })).toMatchObject({ status: 200 });
    expect(await root.call("POST", `${path}/${id}/restore`, { version: 2 })).toMatchObject(asked);
    expect(
      await root.call("POST", `${path}/${id}/restore`, { version: 2, confirm: true }),
    ).toMatchObject({ status: 200 });
  });

  describe("that is uncovered", () => {
    let large: Rule;
    let small: Rule;
    const uncovered = {
      status: 409,
      body: {
        code: "locks_out",
        warnings: [{ code: "locks_out", rule: "Large", path: "then.resources" }],
      },
    };
    beforeEach(async () => {
      await owner()`with e as (insert into environments (slug, name, kind) values ('tomo', 'T', 'desktop') returning id)
        insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from e`;
      small = await add({ name: "Small", priority: 9, then: { resources: { cpus: 1 } } });
      large = await add({ name: "Large", then: { resources: { cpus: 100 } } });
    });

    it.each([
      { enabled: false },
      { priority: -1 },
      { then: {} },
      { when: { environment: "another" } },
      { when: { until: "2100-01-01T00:00:00Z" } },
    ])("by a change of another is asked for twice: %j", async (more) => {
      const patch = (body: object) => root.call("PATCH", `${path}/${small.id}`, body);
      expect(await patch(more)).toMatchObject(uncovered);
      expect((await list()).items.find((it) => it.id === small.id)).toEqual(small);
      expect(await patch({ ...more, confirm: true })).toMatchObject({ status: 200 });
      // It is so already.
      expect(await patch({ name: "Another" })).toMatchObject({ status: 200 });
    });

    it("by deleting another is asked for twice", async () => {
      const one = `${path}/${small.id}`;
      expect(await root.call("DELETE", one)).toMatchObject(uncovered);
      expect(await root.call("DELETE", `${one}?confirm=perhaps`)).toMatchObject({ status: 400 });
      expect(await root.call("DELETE", `${one}?confirm=true`)).toMatchObject({ status: 204 });
      expect(await root.call("DELETE", `${path}/${large.id}`)).toMatchObject({ status: 204 });
      expect(await namesOf()).toEqual([]);
    });

    it("is told by a preview of the other one", async () => {
      const { id, name, priority } = small;
      const then = { resources: { cpus: 1 } };
      const draft = { id, name, priority, enabled: false, when: {}, then };
      const { body } = await root.call("POST", `${path}/preview`, { draft, days: 0 });
      expect(body["warnings"]).toEqual([
        expect.objectContaining({ code: "locks_out", rule: "Large" }),
      ]);
    });
  });

  it("as nothing but a lost node has what it asks for is asked for twice", async () => {
    await gateway.database.addNode("node-2");
    await owner()`update nodes set ready = true, cpus = 16, memory_bytes = 64000000000,
      set_labels = '{"zone":"none"}', last_seen_at = now() - interval '59 seconds' where name = 'node-2'`;
    const made = await add({ name: "One", then: nowhere });
    await root.call("DELETE", `${path}/${made.id}`);
    await owner()`update nodes set last_seen_at = now() - interval '90 days' where name = 'node-2'`;
    expect(await root.call("POST", path, { name: "One", then: nowhere })).toMatchObject(asked);
    await owner()`delete from nodes where name = 'node-2'`;
  });

  it("is not asked for twice where there are no nodes yet", async () => {
    await owner()`update nodes set last_seen_at = null`;
    await add({ name: "One", then: nowhere });
  });
});
