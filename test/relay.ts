/** A real relay in front of a stand-in desktop, for tests that need many streams and no picture. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { createVerifier } from "../controller/relay/verify.ts";
import { Relay } from "../controller/relay/server.ts";
import { fakeVnc } from "../controller/relay/testing.ts";
import { startLoop } from "../controller/loop.ts";
import type { KeyCacheOptions } from "../db/key-cache.ts";
import { deadGrants } from "../db/tickets.ts";
import { placeQueue } from "../controller/placer.ts";
import { seedCatalogue } from "../db/testing.ts";
import type { Browser, TestGateway } from "../gateway/testing.ts";

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

export interface TestRelay {
  readonly relay: Relay;
  /** The path of its socket. */
  readonly path: string;
  /** Starts an instance of this person whose desktop answers: a VNC server that, by default, echoes. */
  startDesktop(browser: Browser, serve?: (socket: Socket) => void): Promise<string>;
  /** A ticket as the subprotocols that carry it. */
  offer(browser: Browser, instanceId: string): Promise<string>;
  close(): Promise<void>;
}

export async function startTestRelay(
  gateway: Pick<TestGateway, "database">,
  { keyCache }: { readonly keyCache?: KeyCacheOptions } = {},
): Promise<TestRelay> {
  const { database } = gateway;
  await mkdir("/run/asci", { recursive: true });
  const runDir = await mkdtemp("/run/asci/t-");
  const { db } = database.as("relay", { max: 5 });
  const { nodeId } = database;
  const verify = createVerifier(db, nodeId, keyCache);
  const relay = new Relay({ db, nodeId, runDir, verify, log: quiet });
  await new Promise<void>((resolve) =>
    relay.server.listen({ path: join(runDir, "relay.sock") }, () => resolve()),
  );
  const grants = startLoop(
    {
      name: "dead grants",
      periodMs: 500,
      run: async () => relay.endGrants(await deadGrants(db, relay.grants())),
    },
    quiet,
  );
  await database.owner.sql`
    update nodes set ready = true, last_seen_at = now(), cpus = 1000, memory_bytes = 1000000000000000,
      relay_url = ${`unix:${runDir}/relay.sock`}`;
  const { username } = await seedCatalogue(database.owner.db, { cpus: 0.01 });
  const desktops: { close(): Promise<void> }[] = [];
  return {
    relay,
    path: join(runDir, "relay.sock"),
    async startDesktop(browser, serve = (socket) => void socket.pipe(socket)) {
      const started = await browser.call("POST", "/api/instances", {
        environment: `env-${username}`,
      });
      const id = String(started.body["id"]);
      // No controller reports for the node.
      await database.owner.sql`update nodes set last_seen_at = now()`;
      await placeQueue(database.as("placer").db);
      await database.owner.sql`update instances set state = 'running' where id = ${id}`;
      const [row] = await database.owner.sql<{ password: string }[]>`
        select vnc_control as password from incarnations where instance_id = ${id}`;
      const folder = join(runDir, "d", `${id}-1`, "vnc");
      await mkdir(folder, { recursive: true });
      const password = Buffer.from(row?.password ?? "", "latin1");
      desktops.push(await fakeVnc(join(folder, "vnc.sock"), password, serve));
      return id;
    },
    async offer(browser, instanceId) {
      const { status, body } = await browser.call("POST", `/api/instances/${instanceId}/tickets`, {
        permission: "control",
      });
      if (status !== 201) throw new Error(`no ticket: ${JSON.stringify(body)}`);
      return `binary, ticket.${String(body["ticket"])}`;
    },
    async close() {
      await grants.stop();
      await relay.stop();
      await Promise.all(desktops.map((it) => it.close()));
      await rm(runDir, { recursive: true, force: true });
    },
  };
}
