/** From what happened: how long each start waited although there was room for it. */

export interface Happened {
  readonly nodeId: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Only nodes with this label's value. */
  readonly zone: string | null;
  readonly queuedAt: number;
  /** Its place was seen. */
  readonly placedAt: number;
  /** Its room was free again; Infinity: it lives. */
  readonly freedAt: number;
}
export interface NodeRoom {
  readonly id: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly zone: string;
}

interface Class {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly zone: string | null;
  /** How many nodes have room for one more, and since when without a break at least one has. */
  fitting: number;
  since: number;
}

const classKey = (it: Pick<Happened, "cpus" | "memoryBytes" | "zone">) =>
  `${it.cpus} ${it.memoryBytes} ${it.zone}`;

/** ms from when a start could have been placed (it was queued, and some node had room from then on) until it was. */
export function lagsOf(happened: readonly Happened[], nodes: readonly NodeRoom[]): number[] {
  const free = new Map(nodes.map((it) => [it.id, { ...it }]));
  const classes = new Map<string, Class>();
  for (const { cpus, memoryBytes, zone } of happened)
    classes.set(classKey({ cpus, memoryBytes, zone }), {
      cpus,
      memoryBytes,
      zone,
      fitting: 0,
      since: -Infinity,
    });
  const fits = (it: Class, node: NodeRoom) =>
    node.cpus + 1e-6 >= it.cpus &&
    node.memoryBytes >= it.memoryBytes &&
    (it.zone === null || it.zone === node.zone);
  for (const it of classes.values()) it.fitting = nodes.filter((node) => fits(it, node)).length;
  const change = (one: Happened, sign: 1 | -1, at: number) => {
    const node = free.get(one.nodeId);
    if (!node) throw new Error(`there is no node ${one.nodeId}`);
    const before = [...classes.values()].map((it) => fits(it, node));
    node.cpus += sign * one.cpus;
    node.memoryBytes += sign * one.memoryBytes;
    for (const [index, it] of [...classes.values()].entries()) {
      const was = it.fitting;
      it.fitting += Number(fits(it, node)) - Number(before[index]);
      if (was === 0 && it.fitting > 0) it.since = at;
    }
  };
  const events = happened.flatMap((it) => [
    { at: it.placedAt, one: it, sign: -1 as const },
    { at: it.freedAt, one: it, sign: 1 as const },
  ]);
  const lags: number[] = [];
  const inTime = events
    .filter((it) => it.at < Infinity)
    .sort((a, b) => a.at - b.at || b.sign - a.sign);
  for (const { at, one, sign } of inTime) {
    if (sign < 0) {
      const { fitting = 0, since = at } = classes.get(classKey(one)) ?? {};
      lags.push(at - Math.max(one.queuedAt, fitting > 0 ? since : at));
    }
    change(one, sign, at);
  }
  return lags;
}
