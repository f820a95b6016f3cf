import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { placeQueue } from "../../controller/placer.ts";
import { seedCatalogue } from "../../db/testing.ts";
import { startTestGateway, type Browser, type TestGateway } from "../../gateway/testing.ts";

let gateway: TestGateway;
let ada: Browser;
let slug: string;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  await gateway.addUser("ada");
  ada = await gateway.signIn("ada");
  slug = `env-${(await seedCatalogue(gateway.database.owner.db)).username}`;
});
afterAll(() => gateway.stop());

const place = () => placeQueue(gateway.database.as("placer").db);

describe("a start while no node is there for it", () => {
  it.each([
    [
      "has never been heard of",
      "ready = false, last_seen_at = null",
      { code: "no_nodes", text: "no node is registered yet" },
    ],
    [
      "is silent",
      "ready = true, last_seen_at = now() - interval '1 hour'",
      { code: "no_node_ready", text: "1 node: 1 not ready" },
    ],
    [
      "takes no new desktops",
      "ready = true, last_seen_at = now(), schedulable = false",
      { code: "no_node_ready", text: "1 node: 1 taking nothing new" },
    ],
  ])("is taken, waits with the reason where its node %s, and goes on", async (_, is, reason) => {
    const { sql } = gateway.database.owner;
    await sql.unsafe(`update nodes set cpus = 8, memory_bytes = 1e11, schedulable = true`);
    await sql.unsafe(`update nodes set ${is}`);
    const started = await ada.call("POST", "/api/instances", { environment: slug });
    expect(started).toMatchObject({ status: 202, body: { state: "queued", desired: "running" } });
    const path = `/api/instances/${String(started.body["id"])}`;
    await place();
    expect(await ada.call("GET", path)).toMatchObject({
      status: 200,
      body: {
        state: "queued",
        node: null,
        reason,
        queue: { position: 1 },
      },
    });
    // Neither connecting nor anything else is half-done.
    expect(await ada.call("POST", `${path}/tickets`, { permission: "control" })).toMatchObject({
      status: 409,
      body: { code: "not_running", detail: expect.stringContaining("queued") },
    });

    await sql`update nodes set ready = true, last_seen_at = now(), schedulable = true`;
    await place();
    expect(await ada.call("GET", path)).toMatchObject({
      body: { state: "starting", reason: null, queue: null, node: { name: "node-1" } },
    });
    await sql`update instances set state = 'stopped', desired = 'stopped'`;
    await sql`delete from allocations`;
  });
});
