/**
 * Which versions' images a node has. `wanted` is the placer's wish; the state is what the node's
 * controller saw. A report by a controller whose epoch is over writes nothing.
 */
import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import type { NodeStart } from "./nodes.ts";
import { uuidArray } from "./work.ts";

/** A version's image: its name, perhaps with a registry, and what it must be. */
export interface VersionImage {
  readonly versionId: string;
  readonly image: string;
  readonly digest: string;
}

/** @returns undefined where the version is no more */
export async function getVersionImage(
  db: Queryable,
  nodeId: string,
  versionId: string,
): Promise<
  (VersionImage & { readonly wanted: boolean; readonly totalBytes: number | null }) | undefined
> {
  const [row] = await db.execute<{
    image: string;
    digest: string;
    wanted: boolean;
    total: string | null;
  }>(sql`
    select v.image, v.digest, coalesce(n.wanted, false) as wanted, n.total_bytes as total
    from versions v left join node_images n on n.version_id = v.id and n.node_id = ${nodeId}
    where v.id = ${versionId}`);
  if (!row) return undefined;
  const { image, digest, wanted } = row;
  return {
    versionId,
    image,
    digest,
    wanted,
    totalBytes: row.total === null ? null : Number(row.total),
  };
}

export type ImageNote =
  | { readonly state: "absent" }
  | { readonly state: "pulling"; readonly doneBytes: number; readonly totalBytes: number | null }
  | { readonly state: "present"; readonly sizeBytes: number }
  | {
      readonly state: "failed";
      readonly reason: { readonly code: string; readonly text: string };
      /** What it would have taken, as far as that was heard of. */
      readonly totalBytes?: number | null;
    };

/** Says how it stands with a version's image here. @returns whether it is wanted beforehand */
export async function noteImage(
  db: Queryable,
  { nodeId, epoch }: NodeStart,
  versionId: string,
  note: ImageNote,
): Promise<boolean> {
  const pulling = note.state === "pulling" ? note : undefined;
  const reason = note.state === "failed" ? note.reason : undefined;
  const total = "totalBytes" in note ? (note.totalBytes ?? null) : null;
  const size = note.state === "present" ? note.sizeBytes : null;
  const [row] = await db.execute<{ wanted: boolean }>(sql`
    insert into node_images as i (node_id, version_id, state, done_bytes, total_bytes, size_bytes,
      reason_code, reason_text)
    select n.id, v.id, ${note.state}, ${pulling?.doneBytes ?? null}::bigint, ${total}::bigint,
      ${size}::bigint, ${reason?.code ?? null}, ${reason?.text ?? null}
    from nodes n, versions v where n.id = ${nodeId} and n.epoch = ${epoch} and v.id = ${versionId}
    on conflict (node_id, version_id) do update set state = excluded.state,
      done_bytes = excluded.done_bytes,
      -- What it takes is worth knowing before the next try.
      total_bytes = coalesce(excluded.total_bytes, i.total_bytes),
      size_bytes = coalesce(excluded.size_bytes, i.size_bytes),
      reason_code = excluded.reason_code, reason_text = excluded.reason_text, changed_at = now()
    returning wanted`);
  return row?.wanted ?? false;
}

/** An image on the engine under one of the names by which a version may mean it. */
export interface SeenImage {
  /** Its id, or the digest under which a registry has it. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/**
 * Compares what the engine has with what is written: present versions are noted, others are absent,
 * and so is what a controller before this one was pulling.
 *
 * @param pulling versions that are being pulled at this moment
 * @returns versions that are wanted and absent
 */
export async function reportImages(
  db: Queryable,
  { nodeId, epoch }: NodeStart,
  seen: readonly SeenImage[],
  pulling: readonly string[],
): Promise<string[]> {
  await db.execute(sql`
    with current as (
      select id from nodes where id = ${nodeId} and epoch = ${epoch}
    ), seen as (
      select digest, max("sizeBytes") as size
      from jsonb_to_recordset(${JSON.stringify(seen)}::jsonb) as s(digest text, "sizeBytes" bigint)
      group by digest
    ), here as (
      select v.id, s.size from versions v join seen s on s.digest = v.digest
    ), gone as (
      update node_images i set state = 'absent', done_bytes = null, size_bytes = null, changed_at = now()
      from current c
      where i.node_id = c.id and i.version_id not in (select id from here)
        and (i.state = 'present'
          or i.state = 'pulling' and not i.version_id = any (${uuidArray(pulling)}))
    )
    insert into node_images as i (node_id, version_id, state, size_bytes)
    select c.id, h.id, 'present', h.size from current c, here h
    on conflict (node_id, version_id) do update set state = 'present', size_bytes = excluded.size_bytes,
      done_bytes = null, reason_code = null, reason_text = null, changed_at = now()
    where i.state <> 'present' or i.size_bytes is distinct from excluded.size_bytes`);
  const rows = await db.execute<{ id: string }>(sql`
    select version_id as id from node_images
    where node_id = ${nodeId} and wanted and state = 'absent' order by version_id`);
  return rows.map((row) => row.id);
}

/**
 * Present here and wanted no longer, not the newest version of its environment and no live instance's,
 * the oldest first: what may go where the disk is short, if no container uses it.
 */
export async function listUnwantedImages(db: Queryable, nodeId: string): Promise<VersionImage[]> {
  return db.execute<VersionImage & Record<string, unknown>>(sql`
    select v.id as "versionId", v.image, v.digest
    from node_images i join versions v on v.id = i.version_id
    where i.node_id = ${nodeId} and i.state = 'present' and not exists (
      -- One image can be several versions'.
      select from versions o left join node_images w on w.version_id = o.id and w.node_id = i.node_id
      where o.digest = v.digest and (coalesce(w.wanted, false) or not exists (
        select from versions later where later.environment_id = o.environment_id
          and (later.created_at, later.id) > (o.created_at, o.id))
        or exists (select from instances r where r.version_id = o.id and r.node_id = i.node_id
          and r.state in ('queued', 'starting', 'running', 'paused', 'stopping', 'lost'))))
    order by v.created_at, v.id`);
}
