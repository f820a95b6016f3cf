/** Sites and requests for tests. */
import fc from "fast-check";
import type {
  Candidate,
  Gpu,
  Live,
  Request,
  Reservation,
  Rule,
  RuleThen,
  RuleWhen,
  Situation,
  Size,
} from "./types.ts";

export const gib = 1024 ** 3;
export const hour = 3_600_000;

export const gpu = (uuid: string, more: Partial<Gpu> = {}): Gpu => ({
  uuid,
  model: "A100",
  memoryBytes: 40 * gib,
  slots: 4,
  present: true,
  taken: [],
  ...more,
});
export const node = (name: string, more: Partial<Candidate> = {}): Candidate => ({
  id: name,
  name,
  ready: true,
  schedulable: true,
  draining: false,
  labels: {},
  cpus: 8,
  memoryBytes: 32 * gib,
  allocatedCpus: 0,
  allocatedMemoryBytes: 0,
  gpus: [],
  images: new Set(),
  dedicatedTo: null,
  ...more,
});
export const size = (more: Partial<Size> = {}): Size => ({
  cpus: 2,
  memoryBytes: 4 * gib,
  gpus: 0,
  gpuMemoryBytes: null,
  ...more,
});
/** Everyone is somebody else, unless the test says otherwise. */
export const request = (id: string, more: Partial<Request> = {}): Request => ({
  id,
  versionId: "v",
  environment: "mate",
  kind: "desktop",
  beamline: null,
  beamlineId: null,
  experiment: null,
  experimentId: null,
  beamtime: null,
  user: `user-${id}`,
  userId: `user-${id}`,
  roles: ["user"],
  groupIds: [],
  size: size(),
  queuedAt: 0,
  ...more,
});
export const live = (id: string, nodeId: string, more: Partial<Live> = {}): Live => {
  const { versionId: _, queuedAt: __, ...attributes } = request(id);
  return { ...attributes, nodeId, placedAt: 0, endsAt: null, usualMs: null, ...more };
};
export const rule = (name: string, then: RuleThen, more: Partial<Rule> = {}): Rule => ({
  id: `id-${name}`,
  name,
  priority: 0,
  enabled: true,
  when: {},
  then,
  ...more,
});
export const when = (name: string, when: RuleWhen, then: RuleThen, priority = 0): Rule =>
  rule(name, then, { when, priority });
export const reservation = (id: string, more: Partial<Reservation> = {}): Reservation => ({
  id,
  title: `Course ${id}`,
  kind: "group",
  subjectId: "course",
  from: 0,
  until: hour,
  seats: 1,
  size: size(),
  selector: "",
  ...more,
});
export const situation = (more: Partial<Situation> = {}): Situation => ({
  now: 0,
  nodes: [],
  rules: [],
  live: [],
  reservations: [],
  ...more,
});
/** Of an experiment whose beamtime is from 0 to an hour. */
export const ofExperiment = (experiment: string) => ({
  experiment,
  experimentId: experiment,
  beamline: "b1",
  beamlineId: "b1",
  beamtime: { from: 0, until: hour },
});

// Arbitrary sites ---------------------------------------------------------------------------------

const arbGpu = (uuid: string): fc.Arbitrary<Gpu> =>
  fc
    .record({
      memoryBytes: fc.constantFrom(8, 40, 80).map((it) => it * gib),
      slots: fc.integer({ min: 1, max: 4 }),
      present: fc.boolean(),
      share: fc.option(fc.integer({ min: 1, max: 4 }), { nil: null }),
    })
    .map(({ share, ...it }) => {
      const taken = share === null ? [] : [{ slot: 0, memoryBytes: share * gib }];
      return gpu(uuid, { ...it, taken });
    });

export const arbNode = (name: string): fc.Arbitrary<Candidate> =>
  fc
    .record({
      ready: fc.boolean(),
      schedulable: fc.boolean(),
      draining: fc.boolean(),
      zone: fc.constantFrom("a", "b", "c"),
      cpus: fc.integer({ min: 1, max: 16 }),
      memoryBytes: fc.integer({ min: 1, max: 64 }).map((it) => it * gib),
      image: fc.boolean(),
      dedicatedTo: fc.constantFrom(null, null, null, "x1"),
      gpus: fc.integer({ min: 0, max: 3 }),
    })
    .chain(({ gpus, zone, image, ...it }) =>
      fc
        .tuple(...Array.from({ length: gpus }, (_, at) => arbGpu(`GPU-${name}-${at}`)))
        .map((gpus) =>
          node(name, { ...it, gpus, labels: { zone }, images: new Set(image ? ["v"] : []) }),
        ),
    )
    .map((it) => ({
      ...it,
      ready: it.ready || it.cpus > 4,
      schedulable: it.schedulable || it.cpus > 3,
      draining: it.draining && it.cpus < 5,
    }));

export const arbNodes = (maxLength = 7): fc.Arbitrary<Candidate[]> =>
  fc
    .uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { maxLength })
    .chain((names) => fc.tuple(...names.map(arbNode)));

const arbSize: fc.Arbitrary<Size> = fc.record({
  cpus: fc.integer({ min: 1, max: 40 }).map((it) => it / 4),
  memoryBytes: fc.integer({ min: 1, max: 32 }).map((it) => it * gib),
  gpus: fc.constantFrom(0, 0, 0, 1, 1, 2),
  gpuMemoryBytes: fc.constantFrom(null, 2 * gib, 5 * gib, 40 * gib),
});

export const arbRequests = (maxLength = 20): fc.Arbitrary<Request[]> =>
  fc
    .array(
      fc.record({
        size: arbSize,
        who: fc.integer({ min: 0, max: 4 }),
        experiment: fc.constantFrom(null, null, "x1", "x2"),
        groupIds: fc.constantFrom([], [], ["course"]),
        environment: fc.constantFrom("mate", "paraview"),
        queuedAt: fc.constantFrom(0, 0, 9 * 60_000),
      }),
      { maxLength },
    )
    .map((all) =>
      all.map(({ who, experiment, ...it }, at) =>
        request(`q${String(at).padStart(3, "0")}`, {
          ...it,
          user: `user-${who}`,
          userId: `user-${who}`,
          ...(experiment === null ? {} : ofExperiment(experiment)),
        }),
      ),
    );

const arbThen: fc.Arbitrary<RuleThen> = fc.oneof(
  fc.record({ require: fc.constantFrom("zone=a", "zone in (a,b)", "!zone", "zone!=c", "zone=") }),
  fc.record({
    prefer: fc.tuple(
      fc.record({
        selector: fc.constantFrom("zone=a", "zone=b"),
        weight: fc.integer({ min: -50, max: 50 }),
      }),
    ),
  }),
  fc.record({ strategy: fc.constantFrom("pack" as const, "spread" as const) }),
  fc.record({ resources: fc.record({ cpus: fc.integer({ min: 1, max: 6 }) }) }),
  fc.record({
    limits: fc.constantFrom({ perPerson: 1 }, { total: 3 }, { perExperiment: 2, perPerson: 2 }),
  }),
  fc.record({ dedicate: fc.boolean() }),
);

export const arbRules: fc.Arbitrary<Rule[]> = fc
  .array(
    fc.record({
      then: arbThen,
      priority: fc.integer({ min: 0, max: 3 }),
      enabled: fc.constantFrom(true, true, true, false),
      when: fc.constantFrom<RuleWhen>(
        {},
        { environment: "mate" },
        { user: ["user-1", "user-2"] },
        { experiment: "x2" },
        { role: "admin" },
      ),
    }),
    { maxLength: 5 },
  )
  .map((all) => all.map(({ then, ...more }, at) => rule(`r${at}`, then, more)));

export const arbReservations: fc.Arbitrary<Reservation[]> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Reservation[]>([]) },
  {
    weight: 1,
    arbitrary: fc
      .record({
        seats: fc.integer({ min: 1, max: 4 }),
        size: arbSize,
        selector: fc.constantFrom("", "zone=a"),
      })
      .map((it) => [reservation("r", it)]),
  },
);

/** What lives on a node, with the node as it is with that: half of it ends by a limit. */
const arbLives = (empty: Candidate): fc.Arbitrary<{ node: Candidate; lives: Live[] }> =>
  fc
    .array(
      fc.record({
        cpus: fc.integer({ min: 1, max: 8 }),
        endsAt: fc.option(fc.integer({ min: later, max: 2 * hour }), { nil: null }),
      }),
      { maxLength: 3 },
    )
    .map((all) => {
      const lives: Live[] = [];
      let cpus = 0;
      for (const [at, it] of all.entries()) {
        if (cpus + it.cpus > empty.cpus) break;
        cpus += it.cpus;
        const taken = size({ cpus: it.cpus, memoryBytes: 0 });
        lives.push(live(`${empty.name}-${at}`, empty.id, { size: taken, endsAt: it.endsAt }));
      }
      return { node: { ...empty, allocatedCpus: cpus }, lives };
    });

/** Long enough after the first requests were made that room is gathered for them. */
const later = 10 * 60_000;

export const arbSituation: fc.Arbitrary<Situation> = fc
  .record({ empty: arbNodes(), rules: arbRules, reservations: arbReservations })
  .chain(({ empty, ...it }) =>
    fc.tuple(...empty.map(arbLives)).map((all) =>
      situation({
        ...it,
        now: later,
        nodes: all.map((one) => one.node),
        live: all.flatMap((one) => one.lives),
      }),
    ),
  );
