/** Images that a node pulls beforehand or for a start, from a real registry to a real engine. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import type { Controller } from "../../controller/controller.ts";
import { until } from "../browser.ts";
import { createTestNode, docker as host, type TestNode } from "../node.ts";
import { createOwnEngine, type OwnEngine } from "../own-engine.ts";
import { noise, startRegistry, type Registry } from "../registry.ts";
import { makeStandIns } from "../stand-in.ts";

const run = promisify(execFile);
const mib = 1024 ** 2;

let engine: OwnEngine;
let registry: Registry;
let node: TestNode;
let controller: Controller | undefined;
let desktop: Pushed;

interface Pushed {
  readonly image: string;
  readonly id: string;
  /** Under which the registry has it. */
  readonly digest: string;
}

beforeAll(async () => {
  engine = await createOwnEngine({ diskBytes: 3 * 1024 * mib });
  await engine.start();
  const standIns = await makeStandIns(engine, host);
  registry = await startRegistry();
  desktop = await push(standIns.desktop, "desktop");
  await engine.docker.getImage(`${desktop.image}`).remove();
  node = await createTestNode(inject("postgresUrl"), { ...engine, image: "none" });
  // One that no wish and no start of these tests is for.
  for (const it of ["desktop", "slow", "silent", "stuck"])
    await engine.docker.getImage(`asci/${it}`).remove();
});
afterEach(async () => {
  await controller?.stop();
  controller = undefined;
  await node.database.owner.sql`delete from node_images`;
  await node.database.owner.sql`delete from work where subject_kind = 'image'`;
  for (const it of await engine.docker.listImages())
    if (it.RepoTags?.every((name) => !name.startsWith("asci/")) ?? true)
      await engine.docker
        .getImage(it.Id)
        .remove({ force: true })
        .catch(() => {});
});
afterAll(async () => {
  await node?.remove();
  await registry?.remove();
  await engine?.remove();
});

/** Pushes an image of the engine's. */
async function push(id: string, name: string, tag = "1"): Promise<Pushed> {
  const image = `${registry.host}/team/${name}:${tag}`;
  await engine.docker.getImage(id).tag({ repo: `${registry.host}/team/${name}`, tag });
  const stream = await engine.docker.getImage(image).push({ authconfig: {} });
  for await (const chunk of stream)
    if (String(chunk).includes('"error"')) throw new Error(String(chunk));
  const { Id, RepoDigests } = await engine.docker.getImage(image).inspect();
  const digest = RepoDigests.find((it) => it.startsWith(`${registry.host}/team/${name}@`));
  return { image, id: Id, digest: digest?.split("@")[1] ?? "" };
}

/** An image of nothing but noise, in the registry and not on the engine. */
async function pushNoise(name: string, bytes: number, tag = "1"): Promise<Pushed> {
  const folder = await mkdtemp(join(tmpdir(), "asci-noise-"));
  await writeFile(join(folder, "noise"), noise(bytes));
  const archive = join(folder, "..", `${name}-${process.pid}.tar`);
  await run("tar", ["-C", folder, "-cf", archive, "."]);
  const stream = await engine.docker.importImage(archive, { repo: "noise", tag: name });
  for await (const _ of stream as Readable);
  await rm(folder, { recursive: true });
  await rm(archive);
  const { Id } = await engine.docker.getImage(`noise:${name}`).inspect();
  const pushed = await push(Id, name, tag);
  await engine.docker.getImage(Id).remove({ force: true });
  return pushed;
}

/** A version of the node's environment, newer than all before. @returns its id */
async function addVersion(image: string, digest: string): Promise<string> {
  const [row] = await node.database.owner.sql<{ id: string }[]>`
    insert into versions (environment_id, tag, image, digest, created_at)
    values (${node.seeded.environmentId}, gen_random_uuid()::text, ${image}, ${digest}, clock_timestamp())
    returning id`;
  return row?.id ?? "";
}

/** As the placer says it. */
async function want(versionId: string): Promise<void> {
  const { nodeId } = node.database;
  await node.database.owner.sql`
    insert into node_images (node_id, version_id, wanted) values (${nodeId}, ${versionId}, true)
    on conflict (node_id, version_id) do update set wanted = true`;
  await wish(versionId);
}
async function wish(versionId: string): Promise<void> {
  await node.database.owner.sql`
    insert into work (subject_kind, subject_id, node_id) values ('image', ${versionId}, ${node.database.nodeId})
    on conflict (subject_kind, subject_id, node_id) do update set wanted = work.wanted + 1, run_at = now()`;
}

async function imageOf(versionId: string) {
  const [row] = await node.database.owner.sql<
    {
      state: string;
      reason: string | null;
      text: string;
      done: string;
      total: string | null;
      size: string;
    }[]
  >`select state, reason_code as reason, reason_text as text, done_bytes as done, total_bytes as total,
      size_bytes as size from node_images where version_id = ${versionId}`;
  return row;
}
const untilState = (versionId: string, state: string) =>
  until(`the image is ${state}`, async () => {
    const found = await imageOf(versionId);
    return found?.state === state && found;
  }).catch(async (error: unknown) => {
    throw new Error(
      `${String(error)}: ${JSON.stringify(await imageOf(versionId))}\n${node.lines.slice(-20).join("\n")}`,
      { cause: error },
    );
  });
const isHere = (id: string) =>
  engine.docker
    .getImage(id)
    .inspect()
    .then(
      () => true,
      () => false,
    );
const free = async () => {
  const { bavail, bsize } = await statfs(engine.dataRoot);
  return bavail * bsize;
};
async function begin(env: Record<string, string> = {}): Promise<void> {
  controller = await node.startController({
    answerMs: 30_000,
    // What is wanted where is said by these tests.
    env: { ASCI_IMAGES_BEFOREHAND: "0", ASCI_IMAGES_MIN_FREE: "1MiB", ...env },
  });
}

describe("what is wanted beforehand", () => {
  it("is pulled by the registry's digest, at the pace that it may, and tells how far it is", async () => {
    const { image, id, digest } = await pushNoise("paced", 6 * mib);
    const versionId = await addVersion(image, digest);
    await node.database.owner.sql.unsafe(`
      create table notes (at timestamptz default clock_timestamp());
      create function note_image() returns trigger language plpgsql security definer as
        'begin insert into notes default values; return null; end';
      create trigger noting after insert or update on node_images for each row execute function note_image()`);
    await want(versionId);
    await node.database.owner.sql`delete from notes`;
    const began = performance.now();
    await begin({ ASCI_PULL_BYTES_PER_SECOND: "2MiB" });
    const half = await until("the pull is under way", async () => {
      const found = await imageOf(versionId);
      return found?.state === "pulling" && Number(found.done) > 0 && found.total !== null && found;
    });
    expect(Number(half.total)).toBeGreaterThan(6 * mib);
    expect(Number(half.done)).toBeLessThan(Number(half.total));
    const { size } = await untilState(versionId, "present");
    const took = performance.now() - began;
    expect(took).toBeGreaterThan((6 / 2) * 1000 - 100);
    expect(Number(size)).toBe(6 * mib);
    expect(await isHere(id)).toBe(true);
    const notes = await node.database.owner.sql`select at from notes`;
    // One a second, and a few for its beginning and its end.
    expect(notes.length).toBeLessThan(took / 1000 + 5);
    await node.database.owner.sql.unsafe(
      `drop trigger noting on node_images; drop function note_image; drop table notes`,
    );
    await until("the work is done", async () => {
      const due = await node.database.owner.sql`select from work where wanted > done`;
      return due.length === 0;
    });
  });

  it("is pulled by its tag where the version names it by its id, and keeps its name", async () => {
    const { image, id } = await pushNoise("by-id", mib);
    const versionId = await addVersion(image, id);
    await want(versionId);
    await begin({ ASCI_PULL_BYTES_PER_SECOND: "64MiB" });
    await untilState(versionId, "present");
    // It may have been seen there before its pull was over.
    const names = async () => (await engine.docker.getImage(id).inspect()).RepoTags;
    await expect.poll(names, { timeout: 30_000 }).toEqual([image]);
  });

  it("is not taken where its tag is another image by now, and nothing of that stays", async () => {
    const first = await pushNoise("moved", mib);
    const second = await pushNoise("moved", mib);
    expect(second.image).toBe(first.image);
    const versionId = await addVersion(first.image, first.id);
    await want(versionId);
    await begin();
    const { reason, text } = await untilState(versionId, "failed");
    expect(reason).toBe("image_changed");
    expect(text).toContain("add a version for it");
    expect(await isHere(second.id)).toBe(false);
  });

  it("that no registry has any more says so", async () => {
    const versionId = await addVersion(
      `${registry.host}/team/nothing:1`,
      `sha256:${"1".repeat(64)}`,
    );
    await want(versionId);
    await begin();
    expect((await untilState(versionId, "failed")).reason).toBe("image_missing");
  });

  it("is tried again after a registry that did not answer, and pulled anew where it was removed", async () => {
    const { image, id, digest } = await pushNoise("again", mib);
    const nowhere = image.replace(/:\d+\//, ":9/");
    const versionId = await addVersion(nowhere, digest);
    await want(versionId);
    await begin();
    const { reason, text } = await untilState(versionId, "failed");
    expect([reason, text]).toEqual([
      "image_pull_failed",
      expect.stringContaining("cannot be pulled"),
    ]);
    await node.database.owner.sql`update versions set image = ${image} where id = ${versionId}`;
    await wish(versionId);
    await untilState(versionId, "present");
    await engine.docker.getImage(id).remove({ force: true });
    await until("it is here again", () => isHere(id));
    await untilState(versionId, "present");
  });

  it("is left when it is wanted no longer", async () => {
    const { image, id, digest } = await pushNoise("left", 8 * mib);
    const versionId = await addVersion(image, digest);
    await want(versionId);
    await begin({ ASCI_PULL_BYTES_PER_SECOND: "64KiB" });
    await untilState(versionId, "pulling");
    await node.database.owner.sql`update node_images set wanted = false`;
    await wish(versionId);
    await untilState(versionId, "absent");
    expect(await isHere(id)).toBe(false);
  });

  it("was here before: that is noted at the start", async () => {
    const { image, id, digest } = await pushNoise("before", mib);
    const versionId = await addVersion(image, digest);
    for await (const _ of (await engine.docker.pull(image)) as Readable);
    await begin();
    await untilState(versionId, "present");
    await engine.docker.getImage(id).remove({ force: true });
    await untilState(versionId, "absent");
  });
});

describe("a limit on the disk", () => {
  it("ends a pull that would not leave enough free, before it does not", async () => {
    const { image, id, digest } = await pushNoise("large", 32 * mib);
    const versionId = await addVersion(image, digest);
    await want(versionId);
    const floor = (await free()) - 16 * mib;
    let least = Number.POSITIVE_INFINITY;
    const watching = setInterval(() => void free().then((it) => (least = Math.min(least, it))), 20);
    await begin({ ASCI_IMAGES_MIN_FREE: String(floor), ASCI_PULL_BYTES_PER_SECOND: "8MiB" });
    const { reason, text, total } = await untilState(versionId, "failed");
    clearInterval(watching);
    expect(reason).toBe("disk_limit");
    expect(text).toMatch(
      /would not leave .* GiB free .* make room there, or lower ASCI_IMAGES_MIN_FREE/,
    );
    expect(least).toBeGreaterThan(floor);
    expect(await isHere(id)).toBe(false);
    // The next try knows what it takes, and does not begin.
    expect(Number(total)).toBeGreaterThan(32 * mib);
    const asked = (await registry.log()).split(digest).length;
    await wish(versionId);
    await until("it was tried again", async () => {
      const [row] = await node.database.owner.sql`
        select attempts from work where subject_id = ${versionId}`;
      return Number(row?.["attempts"]) >= 2;
    });
    expect((await registry.log()).split(digest).length).toBe(asked);
  });

  it("or on what all images take ends it as well", async () => {
    const { image, id, digest } = await pushNoise("much", 32 * mib);
    const versionId = await addVersion(image, digest);
    await want(versionId);
    const { LayersSize } = (await engine.docker.df()) as { LayersSize: number };
    await begin({ ASCI_IMAGES_MAX_BYTES: String(LayersSize + 16 * mib) });
    const { reason, text } = await untilState(versionId, "failed");
    expect(reason).toBe("disk_limit");
    expect(text).toContain("raise ASCI_IMAGES_MAX_BYTES");
    expect(await isHere(id)).toBe(false);
  });

  it("has images go that nobody wants, uses, or starts by default, and no others", async () => {
    const [used, old, newest, wanted] = [
      await pushNoise("used", 16 * mib),
      await pushNoise("old", 64 * mib),
      await pushNoise("newest", 16 * mib),
      await pushNoise("wanted", 24 * mib),
    ];
    const ids = [];
    for (const it of [used, old, wanted, newest]) ids.push(await addVersion(it.image, it.digest));
    const [usedVersion = "", oldVersion = "", wantedVersion = "", newestVersion = ""] = ids;
    for (const it of [used, old, newest])
      for await (const _ of (await engine.docker.pull(it.image)) as Readable);
    const container = await engine.docker.createContainer({ Image: used.id, Cmd: ["none"] });
    await want(wantedVersion);
    const floor = (await free()) - 20 * mib;
    await begin({ ASCI_IMAGES_MIN_FREE: String(floor) });
    await untilState(wantedVersion, "present");
    await untilState(oldVersion, "absent");
    expect(await Promise.all([used, old, newest, wanted].map((it) => isHere(it.id)))).toEqual([
      true,
      false,
      true,
      true,
    ]);
    await untilState(usedVersion, "present");
    await untilState(newestVersion, "present");
    await container.remove();
  });
});

describe("a start whose image is not here", () => {
  const end = async (id: string) => {
    await node.stop(id);
    await node.untilState(id, "stopped");
  };

  it("pulls it first, says how far that is, and comes before what is pulled beforehand", async () => {
    const slow = await pushNoise("slow", 4 * mib);
    const slowVersion = await addVersion(slow.image, slow.digest);
    await want(slowVersion);
    await begin({ ASCI_PULL_BYTES_PER_SECOND: "512KiB" });
    await until("something is pulled beforehand", async () => {
      const found = await imageOf(slowVersion);
      return found?.state === "pulling" && Number(found.done) > 0;
    });
    const texts = new Set<string>();
    const versionId = await addVersion(desktop.image, desktop.digest);
    const id = await node.start({ versionId });
    await until("it runs", async () => {
      const { state, reason } = await node.get(id);
      if (reason) texts.add(`${state} ${reason.code}: ${reason.text}`);
      if (state === "failed") throw new Error(JSON.stringify(reason));
      return state === "running";
    });
    expect([...texts].join("\n")).toMatch(
      /starting image_pulling: its image is being pulled to its node(: \d+ %)?/,
    );
    expect(await imageOf(versionId)).toMatchObject({ state: "present" });
    // What was called off for it is pulled after all.
    await untilState(slowVersion, "present");
    await end(id);
  });

  it("is stopped while it pulls, and the pull is called off", async () => {
    // Slow by its own registry's pace: what is joined to a pull beforehand has none.
    const versionId = await addVersion(
      desktop.image.replace(/:\d+\//, `:${await stuckPort()}/`),
      desktop.digest,
    );
    await begin();
    const id = await node.start({ versionId });
    await until("it pulls", async () => (await node.get(id)).reason?.code === "image_pulling");
    await end(id);
    await untilState(versionId, "absent");
  });

  it("fails where no registry has it, or where its node has no room, and says what to do", async () => {
    await begin();
    const gone = await addVersion(`${registry.host}/team/nothing:1`, `sha256:${"2".repeat(64)}`);
    const first = await node.start({ versionId: gone });
    expect((await node.untilState(first, "failed")).reason?.code).toBe("image_missing");
    await controller?.stop();
    const floor = (await free()) + 1024 * mib;
    await begin({ ASCI_IMAGES_MIN_FREE: String(floor) });
    const versionId = await addVersion(desktop.image, desktop.digest);
    const second = await node.start({ versionId });
    const { reason } = await node.untilState(second, "failed");
    expect(reason?.code).toBe("disk_limit");
    expect(reason?.text).toContain("ASCI_IMAGES_MIN_FREE");
  });
});

/** A port at which calls are taken and never answered, until the tests end. */
async function stuckPort(): Promise<number> {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  server.unref();
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  return address.port;
}
