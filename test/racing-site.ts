/** A whole site for tests of races: persons, placers and nodes at once, and what must hold meanwhile. */
import { sql } from "drizzle-orm";
import { placeQueue } from "../controller/placer.ts";
import type { Db } from "../db/client.ts";
import { retrying } from "../db/errors.ts";
import { insertInstance, wishInstance } from "../db/instances.ts";
import { updateNode } from "../db/node-changes.ts";
import { judgeLost } from "../db/placement.ts";
import { seedCatalogue, type Seeded, type TestDatabase } from "../db/testing.ts";
import {
  judgeContainers,
  judgeRest,
  readLedger,
  startJudgingPlaces,
  type GpuNeed,
  type Ledger,
  type Size,
  type Standing,
} from "./racing-ledger.ts";
import { RacingNode, type Meddling, type Mishap } from "./racing-node.ts";

/** What someone does. `which` and `on` count around what there is. */
export type Act =
  | { readonly do: "start"; readonly environment: number }
  | { readonly do: "stop" | "restart"; readonly which: number }
  | { readonly do: "place" }
  | { readonly do: "work"; readonly on: number; readonly limit: number; readonly mishap: Mishap }
  | { readonly do: "compare" | "silence"; readonly on: number }
  | { readonly do: "register"; readonly on: number; readonly size: Size; readonly label: string }
  | { readonly do: "schedulable"; readonly on: number; readonly value: boolean }
  | {
      readonly do: "meddle";
      readonly on: number;
      readonly which: number;
      readonly how: Meddling;
      readonly told: boolean;
    }
  | { readonly do: "time" };

export class RacingSite {
  readonly #database: TestDatabase;
  readonly #environments: readonly Seeded[];
  readonly #nodes: readonly RacingNode[];
  readonly #sizes: Size[];
  readonly #ids: string[] = [];
  /** Each lane of acts has connections of its own. */
  readonly #lanes: readonly { readonly gateway: Db; readonly placer: Db }[];

  private constructor(
    database: TestDatabase,
    environments: readonly Seeded[],
    nodes: readonly RacingNode[],
    sizes: readonly Size[],
    lanes: number,
  ) {
    this.#database = database;
    this.#environments = environments;
    this.#nodes = nodes;
    this.#sizes = [...sizes];
    this.#lanes = Array.from({ length: lanes }, () => ({
      gateway: database.as("gateway", { max: 1 }).db,
      placer: database.as("placer", { max: 1 }).db,
    }));
  }

  static async create(
    database: TestDatabase,
    options: {
      /** With so many GPUs, of 8 GiB and two slots each. */
      nodes: readonly (Size & { readonly gpuCount: number })[];
      environments: readonly (Size & GpuNeed)[];
      lanes: number;
    },
  ): Promise<RacingSite> {
    const environments = [];
    for (const size of options.environments) {
      const seeded = await seedCatalogue(database.owner.db, size);
      await database.owner.db.execute(sql`update environments set gpus = ${size.gpus},
        gpu_memory_bytes = ${size.gpuMemoryBytes} where id = ${seeded.environmentId}`);
      environments.push(seeded);
    }
    const nodes = [new RacingNode(database.nodeId, database.as("node").db)];
    for (let n = 2; n <= options.nodes.length; n++) {
      const { nodeId, db } = await database.addNode(`node-${n}`);
      nodes.push(new RacingNode(nodeId, db));
    }
    for (const [on, { gpuCount }] of options.nodes.entries())
      await database.owner.db.execute(sql`
        insert into node_gpus (node_id, uuid, model, memory_bytes, slots)
        select ${nodes[on]?.id}, 'GPU-' || n, 'A40', 8 * 1024.0 ^ 3, 2
        from generate_series(1, ${gpuCount}) n`);
    const site = new RacingSite(database, environments, nodes, options.nodes, options.lanes);
    for (const on of nodes.keys()) await site.#register(on, "first");
    for (const node of nodes) await node.work(0, "none");
    return site;
  }

  /** Everybody's acts at once, lane by lane; what must hold is looked at all the while. */
  async race(lanes: readonly (readonly Act[])[]): Promise<void> {
    const judge = await this.#startJudging(lanes.flat());
    const over = new AbortController();
    const watch = async () => {
      do await judge();
      while (!over.signal.aborted);
    };
    const watching = watch();
    const acting = lanes.map(async (acts, lane) => {
      for (const act of acts) await this.#act(act, lane);
    });
    try {
      // Whoever fails first ends the race, but nobody is left behind.
      await Promise.race([Promise.all(acting), watching]);
    } finally {
      over.abort();
      await Promise.allSettled([...acting, watching]);
    }
    await watching;
    await judge();
  }

  /** Lets everything that is wished be worked on, with no mishap any more, and judges what it came to. */
  async settle(): Promise<void> {
    for (const on of this.#nodes.keys()) await this.#register(on, "last");
    await this.#workOff();
    for (const node of this.#nodes) {
      const [forgotten] = await node.forgotten();
      if (forgotten) throw new Error(`nobody looks at it any more: ${forgotten}`);
    }
    for (const node of this.#nodes) await node.compare();
    await this.#workOff();
    judgeRest(await this.#read(), this.#containers());
  }

  /** Until nothing is due, and nothing more is placed. */
  async #workOff(): Promise<void> {
    const [lane] = this.#lanes;
    if (!lane) throw new Error("a site has at least one lane");
    const judge = await this.#startJudging([]);
    for (let n = 0; n < 100; n++) {
      await this.#passTime();
      for (const node of this.#nodes) await node.work(100, "none");
      const placed = await placeQueue(lane.placer);
      await judge();
      const { instances } = await this.#read();
      if (placed === 0 && instances.every((it) => it.openWork === 0)) return;
    }
    throw new Error(`it never came to rest: ${JSON.stringify(await this.#read())}`);
  }

  async #register(on: number, label: string): Promise<void> {
    const size = this.#sizes[on];
    if (size) await this.#nodes[on]?.register({ ...size, labels: { label } });
  }

  async #open(db: Db, nodeId: string, schedulable: boolean): Promise<void> {
    const [somebody] = this.#environments;
    if (!somebody) throw new Error("a site has at least one environment");
    const by = { id: somebody.userId, name: somebody.username };
    await updateNode(db, nodeId, by, { schedulable });
  }

  /** Pauses are over, and leases that nobody renewed. */
  async #passTime(): Promise<void> {
    await this.#database.owner.db.execute(sql`
      update work set run_at = now(), lease_until = case
        when lease_until is not null then now() - interval '1 s' end`);
  }

  async #act(act: Act, lane: number): Promise<void> {
    const hands = this.#lanes[lane];
    const on = "on" in act ? act.on % this.#nodes.length : 0;
    const node = this.#nodes[on];
    if (!hands || !node) throw new Error("there is no such lane");
    switch (act.do) {
      case "start":
        return this.#start(hands.gateway, act.environment);
      case "stop":
      case "restart":
        return this.#wish(hands.gateway, act.do, act.which);
      case "place":
        return void (await placeQueue(hands.placer));
      case "work":
        return node.work(act.limit, act.mishap);
      case "compare":
        return node.compare();
      case "register":
        this.#sizes[on] = act.size;
        return this.#register(on, act.label);
      case "schedulable":
        return this.#open(hands.gateway, node.id, act.value);
      case "silence":
        await this.#database.owner.db.execute(sql`
          update nodes set last_seen_at = now() - interval '1 hour' where id = ${node.id}`);
        return void (await judgeLost(hands.placer, 60_000));
      case "meddle":
        return node.meddle(act.which, act.how, act.told);
      case "time":
        return this.#passTime();
    }
  }

  async #start(gateway: Db, environment: number): Promise<void> {
    const seeded = this.#environments[environment % this.#environments.length];
    const person = this.#environments[0];
    if (!seeded || !person) throw new Error("a site has at least one environment");
    const wish = { ...seeded, userId: person.userId, name: "one", experimentId: null };
    this.#ids.push(await insertInstance(gateway, wish));
  }

  async #wish(gateway: Db, action: "stop" | "restart", which: number): Promise<void> {
    const instanceId = this.#ids[which % Math.max(1, this.#ids.length)];
    const userId = this.#environments[0]?.userId;
    if (!instanceId || !userId) return;
    await retrying(() => wishInstance(gateway, { by: { owner: userId }, instanceId, action }));
  }

  #read(): Promise<Ledger> {
    return readLedger(this.#database.owner.db);
  }

  /** From a moment at which nobody acts; `acts` are those that may happen until the last look. */
  async #startJudging(acts: readonly Act[]): Promise<() => Promise<void>> {
    const sizes = acts.flatMap((it) => {
      const node = it.do === "register" ? this.#nodes[it.on % this.#nodes.length] : undefined;
      return it.do === "register" && node ? [{ node: node.id, ...it.size }] : [];
    });
    const judgePlaces = startJudgingPlaces(await this.#read(), sizes);
    return async () => {
      const before = new Set(this.#containers().map((it) => it.id));
      const ledger = await this.#read();
      judgePlaces(ledger);
      // Those that stood before and after the look stood in its moment.
      judgeContainers(
        ledger,
        this.#containers().filter((it) => before.has(it.id)),
      );
    };
  }

  #containers(): Standing[] {
    return this.#nodes.flatMap((node) => node.containers.map((it) => ({ ...it, node: node.id })));
  }
}
