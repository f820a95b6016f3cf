import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { connect } from "./client.ts";
import { addNode, provision, provisionControlPlane } from "./provision.ts";
import { createTestDatabase, type TestDatabase } from "./testing.ts";

let database: TestDatabase;
const logins = new Set<string>();

beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
});
afterAll(async () => {
  for (const login of logins) {
    await database.owner.sql.unsafe(`drop owned by "${login}"`);
    await database.owner.sql.unsafe(`drop role "${login}"`);
  }
  await database.drop();
});

const secrets = () => ({ node: randomUUID(), relay: randomUUID() });
const named = (nodeName: string) => () => ({
  nodeName,
  relayUrl: `unix:/run/asci/${nodeName}/relay.sock`,
  controllerUrl: `unix:/run/asci/${nodeName}/controller.sock`,
});

async function add(nodeName: string, own = secrets()) {
  const made = await addNode(database.ownerUrl, { secrets: own, address: named(nodeName) });
  for (const it of Object.values(made.urls)) logins.add(new URL(it).username);
  return made;
}

async function seenBy(url: string): Promise<unknown[]> {
  const { sql, close } = connect(url, { max: 1 });
  try {
    return (await sql`select name from nodes`).map((row) => row["name"]);
  } finally {
    await close();
  }
}

const nodes = () => database.owner.sql`select id, name, db_login from nodes order by name`;

describe("nodes that are added to an installation", () => {
  it("have logins of their own, which see their own row", async () => {
    const made = [await add("east-1"), await add("east-2")];
    expect(new Set(made.map((it) => it.nodeId)).size).toBe(2);
    const own = await Promise.all(made.map((it) => seenBy(it.urls.node)));
    expect(own).toEqual([["east-1"], ["east-2"]]);
    expect(await seenBy(database.urls.node)).toEqual(["node-1"]);
    await expect(seenBy(made[0]!.urls.relay)).rejects.toMatchObject({ code: "42501" });
  });

  it("are refused a name that another one has, and the other one keeps its logins", async () => {
    const first = await add("west-1");
    const before = await nodes();
    await expect(add("west-1")).rejects.toMatchObject({
      code: "node_name_taken",
      message: "Another node of this installation is called west-1: give this one another name.",
    });
    expect(await nodes()).toEqual(before);
    expect(await seenBy(first.urls.node)).toEqual(["west-1"]);
  });

  it("one of two gets the name where both ask at once", async () => {
    const both = await Promise.allSettled([add("north-1"), add("north-1")]);
    expect(both.map((it) => it.status).sort()).toEqual(["fulfilled", "rejected"]);
  });
});

describe("the one machine that an installation begins with", () => {
  const all = () => ({ gateway: "gateway", placer: "placer", ...secrets() });
  const start = (own: ReturnType<typeof all>) =>
    provision(database.ownerUrl, { secrets: own, address: named("node-1") });
  const report = (seen: string) =>
    database.owner.sql.unsafe(`update nodes set last_seen_at = ${seen} where name = 'node-1'`);

  it("is the same node at every start, also where it was heard of a moment ago", async () => {
    const own = all();
    const first = await start(own);
    await report("now()");
    const again = await start(own);
    expect(again.nodeId).toBe(first.nodeId);
    expect(again.nodeId).toBe(database.nodeId);
    expect(await seenBy(again.urls.node)).toEqual(["node-1"]);
  });

  it("is refused the name of a node that reports, and nobody's password is changed", async () => {
    await report("null");
    const running = await start(all());
    await report("now()");
    await expect(start({ ...all(), gateway: "another" })).rejects.toMatchObject({
      code: "node_name_taken",
    });
    expect(await seenBy(running.urls.node)).toEqual(["node-1"]);
    expect(await seenBy(running.urls.gateway)).toContain("node-1");
  });

  it("takes new secrets where nobody reports for it", async () => {
    await report("now() - interval '1 minute'");
    const again = await start(all());
    expect(again.nodeId).toBe(database.nodeId);
    expect(await seenBy(again.urls.node)).toEqual(["node-1"]);
  });
});

describe("what an installation of several nodes has once", () => {
  it("has logins without a node, and they may be given again", async () => {
    const before = await nodes();
    const first = await provisionControlPlane(database.ownerUrl, { gateway: "1", placer: "2" });
    const again = await provisionControlPlane(database.ownerUrl, { gateway: "3", placer: "4" });
    expect(Object.keys(again.urls).sort()).toEqual(["gateway", "placer"]);
    expect(again.installationId).toBe(database.installationId);
    await expect(seenBy(first.urls.gateway)).rejects.toMatchObject({ code: "28P01" });
    expect(await seenBy(again.urls.gateway)).toContain("node-1");
    expect(await nodes()).toEqual(before);
  });
});
