/** A large site for benches of the scheduler: the same for every run. */
import type { Candidate, Gpu, Request, Rule, Situation, Size } from "../scheduler/types.ts";

export const gib = 1024 ** 3;

/** Numbers from 0 to 1, the same ones for the same seed. */
export function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export const gpusOf = (node: string, count: number, more: Partial<Gpu> = {}): Gpu[] =>
  Array.from({ length: count }, (_, at) => ({
    uuid: `GPU-${node}-${at}`,
    model: "A100",
    memoryBytes: 80 * gib,
    slots: 8,
    present: true,
    taken: [],
    ...more,
  }));

export const nodeOf = (at: number, more: Partial<Candidate>): Candidate => ({
  id: `node-${at}`,
  name: `node-${String(at).padStart(5, "0")}`,
  ready: true,
  schedulable: true,
  draining: false,
  labels: {},
  cpus: 64,
  memoryBytes: 384 * gib,
  allocatedCpus: 0,
  allocatedMemoryBytes: 0,
  gpus: [],
  images: new Set(),
  dedicatedTo: null,
  ...more,
});

export const requestOf = (at: number, size: Size, more: Partial<Request> = {}): Request => ({
  id: `request-${String(at).padStart(5, "0")}`,
  versionId: "version-0",
  environment: "environment-0",
  kind: "desktop",
  beamline: null,
  beamlineId: null,
  experiment: null,
  experimentId: null,
  beamtime: null,
  user: `user-${at}`,
  userId: `user-${at}`,
  roles: ["user"],
  groupIds: [],
  size,
  queuedAt: at,
  ...more,
});

function largeNode(at: number): Candidate {
  const some = at % 3 === 2 ? 0 : 4;
  const used = [{ slot: 0, memoryBytes: 20 * gib }];
  return nodeOf(at, {
    ready: at % 97 !== 0,
    schedulable: at % 89 !== 0,
    draining: at % 101 === 0,
    labels: {
      zone: `zone-${at % 10}`,
      rack: `rack-${at % 200}`,
      "asci.gpu.model": some > 0 ? (at % 3 === 0 ? "A100" : "H100") : "none",
    },
    allocatedCpus: at % 40,
    allocatedMemoryBytes: (at % 100) * gib,
    gpus: gpusOf(String(at), some).map((it, n) => (n === 0 ? { ...it, taken: used } : it)),
    images: new Set(at % 2 === 0 ? [] : ["version-0", "version-7"]),
  });
}

function largeRule(at: number): Rule {
  const zones = [0, 1, 2].map((more) => `zone-${(at + more) % 10}`).join(",");
  const then = [
    { require: `zone in (${zones})` },
    {
      prefer: [
        { selector: `rack=rack-${at}`, weight: 20 },
        { selector: "asci.gpu.model=A100", weight: 10 },
      ],
    },
    { limits: { perPerson: 30 }, strategy: at % 2 === 0 ? ("pack" as const) : ("spread" as const) },
  ][at % 3];
  const when =
    at % 2 === 0
      ? { user: [at, at + 1, at + 50].map((it) => `user-${it}`) }
      : { environment: `environment-${at % 20}` };
  return {
    id: `rule-${at}`,
    name: `rule ${at}`,
    priority: at,
    enabled: true,
    when,
    then: then ?? {},
  };
}

/** @param ownSizes every request has a size of its own, so that nothing is seen twice */
export function largeRequests(count: number, ownSizes: boolean): Request[] {
  return Array.from({ length: count }, (_, at) => {
    const person = `user-${at % 100}`;
    const size = {
      cpus: 2 + (ownSizes ? at / count : 0),
      memoryBytes: 8 * gib,
      gpus: at % 2,
      gpuMemoryBytes: at % 4 === 1 ? 20 * gib : null,
    };
    const environment = `environment-${at % 20}`;
    const more = { environment, versionId: `version-${at % 20}`, user: person, userId: person };
    return requestOf(at, size, more);
  });
}

export function largeSite(nodes: number, rules: number): Situation {
  return {
    now: 0,
    nodes: Array.from({ length: nodes }, (_, at) => largeNode(at)),
    rules: Array.from({ length: rules }, (_, at) => largeRule(at)),
    live: [],
    reservations: [],
  };
}
