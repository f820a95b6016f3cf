/** An installation with people, environments, nodes and desktops in every state, for looking at its pages. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { generatePassword, startPostgres, type Postgres } from "../cli/postgres.ts";
import { connect, type Db, type Queryable } from "../db/client.ts";
import { insertInstance } from "../db/instances.ts";
import { isLive, type State } from "../db/states.ts";
import { startInstallation, type TestInstallation } from "./installation.ts";

/** A desktop as it stands in the database; nothing runs behind it. */
export interface Prop {
  /** The environment's name. */
  readonly environment: string;
  /** Default: the environment's. */
  readonly name?: string;
  readonly state: State;
  readonly reason?: readonly [code: string, text: string];
  /** How long ago it was asked for. */
  readonly minutesAgo?: number;
  /** What it takes of its node. */
  readonly cpus?: number;
  /** The last phase that its start has reached. Default: all of them, but for one that starts. */
  readonly reached?: "queued" | "placed" | "container" | "desktop" | "panel";
}

export interface EnvironmentProp {
  readonly slug: string;
  readonly name: string;
  readonly description?: string;
  readonly kind?: "desktop" | "service";
  /** Newest first. */
  readonly versions: readonly string[];
  /** Codes of those that it is open to; to everyone where there are none. */
  readonly experiments?: readonly string[];
}

export interface PersonProp {
  readonly displayName?: string;
  readonly roles?: readonly string[];
  /** Codes of those that they take part in, made where they are missing; the newest first. */
  readonly experiments?: readonly string[];
  readonly desktops?: readonly Prop[];
}

export interface Stage {
  readonly installation: TestInstallation;
  /** As the database's owner. */
  readonly db: Db;
  readonly databaseUrl: string;
  /** Into the catalogue that everyone sees. What is started of it waits: it needs more than is free. */
  addEnvironment(prop: EnvironmentProp): Promise<void>;
  /** A person with the installation's own password, and their desktops. @returns their id */
  addPerson(username: string, person?: PersonProp): Promise<string>;
  /** @returns its id */
  addDesktop(userId: string, prop: Prop): Promise<string>;
  /** Ends Postgres as a crash does. */
  killDatabase(): Promise<void>;
  /** The same Postgres again, at the address that it had. */
  reviveDatabase(): Promise<void>;
  remove(): Promise<void>;
}

const gib = 1024 ** 3;
const nodeName = "gpu-04";

/** @param env of the installation's own start */
export async function openStage(env: Record<string, string> = {}): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "asci-stage-"));
  const password = generatePassword();
  const startServer = (port?: number): Promise<Postgres> =>
    startPostgres({
      dataDir: join(folder, "data"),
      logFile: join(folder, "postgres.log"),
      password,
      ...(port === undefined ? {} : { port }),
    });
  let server = await startServer();
  const installation = await startInstallation({ ...env, DATABASE_URL: server.url });
  const { db, close } = connect(server.url, { max: 2 });
  await setUpNodes(db);
  const stage: Stage = {
    installation,
    db,
    databaseUrl: server.url,
    addEnvironment: (prop) => insertEnvironment(db, prop),
    async addPerson(username, person = {}) {
      const id = await insertPerson(db, username, person);
      if (person.experiments) await insertMember(db, id, person.experiments);
      for (const prop of person.desktops ?? []) await insertDesktop(db, id, prop);
      return id;
    },
    addDesktop: (userId, prop) => insertDesktop(db, userId, prop),
    async killDatabase() {
      server.kill();
      await server.exited;
    },
    async reviveDatabase() {
      server = await startServer(server.port);
    },
    async remove() {
      await installation.remove();
      await close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await stage.addPerson("others", {
    desktops: [{ environment: "MATE desktop", state: "running", cpus: 30 }],
  });
  return stage;
}

/** Nodes that nobody stands behind: the judge must never find them silent. */
async function setUpNodes(db: Db): Promise<void> {
  const [far, labels] = [
    "hall-2-reconstruction-node-0011.beamline.facility.example",
    { "facility.example/beamline": "imaging-and-medical", maintenance: "" },
  ];
  await db.execute(sql`
    insert into nodes (name, reported_labels, cpus, memory_bytes, ready, last_seen_at, reason_code, reason_text)
    values
      (${nodeName}, ${JSON.stringify({ gpu: "a40", zone: "hall-2" })}::jsonb, 64, ${512 * gib}, true,
        now() + interval '100 years', null, null),
      (${far}, ${JSON.stringify(labels)}::jsonb, 128, ${1024 * gib}, false,
        now() + interval '100 years', 'engine_unreachable', 'The engine does not answer.')`);
}

async function insertPerson(db: Db, username: string, person: PersonProp): Promise<string> {
  const roles = `{${(person.roles ?? ["user"]).join(",")}}`;
  const [row] = await db.execute<{ id: string }>(sql`
    insert into users (username, display_name, roles, password_hash)
    select ${username}, ${person.displayName ?? username}, ${roles}::text[], password_hash
    from users where username = 'admin' returning id`);
  if (!row) throw new Error("the person was not added");
  return row.id;
}

async function insertMember(db: Db, userId: string, codes: readonly string[]): Promise<void> {
  await db.execute(
    sql`insert into beamlines (code, name) values ('IMBL', 'Imaging') on conflict do nothing`,
  );
  const named = sql`unnest(${`{${codes.join(",")}}`}::text[]) with ordinality as c(code, age)`;
  await db.execute(sql`
    insert into experiments (code, beamline_id, starts_at, ends_at)
    select c.code, b.id, now() - c.age * interval '30 days', now() - c.age * interval '29 days'
    from ${named}, beamlines b where b.code = 'IMBL' on conflict do nothing`);
  await db.execute(sql`
    insert into members (user_id, experiment_id)
    select ${userId}, x.id from ${named} join experiments x on x.code = c.code`);
}

async function insertEnvironment(db: Db, prop: EnvironmentProp): Promise<void> {
  await db.execute(sql`
    with made as (
      insert into environments (slug, name, kind, description, cpus) values (${prop.slug},
        ${prop.name}, ${prop.kind ?? "desktop"}, ${prop.description ?? ""}, 40)
      returning id
    ), opened as (
      insert into entitlements (environment_id, kind, experiment_id)
      select made.id, case when x.id is null then 'everyone' else 'experiment' end, x.id
      from made left join experiments x on x.code = any (${`{${(prop.experiments ?? []).join(",")}}`}::text[])
    )
    insert into versions (environment_id, tag, image, digest, created_at)
    select made.id, tag, 'none', 'none', now() - age * interval '1 day'
    from made, unnest(${`{${prop.versions.join(",")}}`}::text[]) with ordinality as v(tag, age)`);
}

const phases = ["queued", "placed", "container", "desktop", "panel"] as const;

/** In one transaction: a placer that looked in between would place it. */
async function insertDesktop(db: Db, userId: string, prop: Prop): Promise<string> {
  return db.transaction(async (tx) => {
    const [version] = await tx.execute<{ environmentId: string; versionId: string }>(sql`
      select e.id as "environmentId", v.id as "versionId"
      from environments e join versions v on v.environment_id = e.id
      where e.name = ${prop.environment} order by v.tag desc limit 1`);
    if (!version) throw new Error(`no environment ${prop.environment}`);
    const name = prop.name ?? prop.environment;
    const id = await insertInstance(tx, { userId, ...version, name, experimentId: null });
    const age = sql`${`${prop.minutesAgo ?? 5} minutes`}::interval`;
    await tx.execute(sql`
      update instances set created_at = now() - ${age}, queued_at = now() - ${age} where id = ${id}`);
    if (prop.state !== "queued") await moveDesktop(tx, id, prop);
    return id;
  });
}

async function moveDesktop(tx: Queryable, id: string, prop: Prop): Promise<void> {
  const reached = phases.indexOf(prop.reached ?? (prop.state === "starting" ? "placed" : "panel"));
  /** The moment of a phase, some time after the wish; null where it has not come. */
  const after = (phase: number, ms: number) =>
    sql`i.queued_at + ${reached >= phase ? `${ms} ms` : null}::interval`;
  const live = isLive(prop.state);
  const desired = prop.state === "stopping" || prop.state === "stopped" ? "stopped" : "running";
  const [code, text] = prop.reason ?? [null, null];
  await tx.execute(sql`
    insert into incarnations (instance_id, number, node_id, vnc_control, vnc_view, queued_at,
      placed_at, container_at, ready_at, panel_at)
    select i.id, 1, n.id, 'none', 'none', i.queued_at, ${after(1, 20)}, ${after(2, 320)},
      ${after(3, 760)}, ${after(4, 910)}
    from instances i, nodes n where i.id = ${id} and n.name = ${nodeName}`);
  if (live)
    await tx.execute(sql`
      insert into allocations (instance_id, node_id, cpus, memory_bytes)
      select ${id}, id, ${prop.cpus ?? 0.5}, ${4 * gib} from nodes where name = ${nodeName}`);
  await tx.execute(sql`
    update instances i set state = ${prop.state}, desired = ${desired}, incarnation = 1,
      node_id = n.id, reason_code = ${code}, reason_text = ${text},
      started_at = ${after(3, 760)}, ended_at = case when ${live} then null
        else i.queued_at + (now() - i.queued_at) / 2 end
    from nodes n where i.id = ${id} and n.name = ${nodeName}`);
}
