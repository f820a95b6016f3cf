-- Scheduling: what nodes are and have, rules, beamtime, reservations, the order of the queue, images beforehand.

-- Nodes ---------------------------------------------------------------------------------------

-- What the node's controller found, and what administrators say, who have the last word.
alter table nodes rename column labels to reported_labels;
alter table nodes add column set_labels jsonb not null default '{}';
alter table nodes add column labels jsonb not null generated always as (reported_labels || set_labels) stored;
alter table nodes
  -- A node's login writes these itself: nothing that it says may be what readers of all nodes fail at.
  -- (No number is greater than NaN, and one that JavaScript cannot hold is none here.)
  add constraint capacity_is_a_number
    check (cpus between 0 and 1000000 and memory_bytes between 0 and 9007199254740991),
  add constraint reported_labels_are_texts check (
    jsonb_typeof(reported_labels) = 'object' and octet_length(reported_labels::text) <= 65536
    and not jsonb_path_exists(reported_labels, '$.* ? (@.type() != "string")')
  ),
  -- Nothing new, and whoever is there is asked to go elsewhere.
  add column draining boolean not null default false,
  -- Who keeps new instances away, why and since when; for as long as it is unschedulable or draining.
  add column hold_by uuid references users,
  add column hold_by_name text,
  add column hold_reason text,
  add column hold_at timestamptz,
  -- Which machine reports under this name: a second one is refused while the first is heard of.
  add column machine_id text,
  -- How far the node's clock is ahead of the database's (negative: behind), for whoever reads its logs.
  add column clock_skew_ms bigint,
  add column disk_total_bytes bigint check (disk_total_bytes >= 0),
  add column disk_free_bytes bigint check (disk_free_bytes >= 0);

-- A GPU, or a slice of one, by the UUID that engines take. Never removed by a report: what is gone is not present.
create table node_gpus (
  node_id uuid not null references nodes on delete cascade,
  uuid text not null check (uuid ~ '^(GPU|MIG)-[A-Za-z0-9./-]{1,120}$'),
  model text not null check (length(model) <= 200),
  memory_bytes bigint not null check (memory_bytes between 1 and 9007199254740991),
  -- How many desktops may share it, by the node's settings, and by an administrator.
  slots integer not null default 1 check (slots between 1 and 64),
  set_slots integer check (set_slots between 1 and 64),
  present boolean not null default true,
  seen_at timestamptz not null default now(),
  primary key (node_id, uuid)
);

-- Cards are replaced and cut anew, and what was there before is kept: so many are enough, the oldest go.
create function limit_gpus() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  most constant integer := 256;
  known integer;
begin
  if exists (select from node_gpus where node_id = new.node_id and uuid = new.uuid) then
    return new;
  end if;
  -- One after the other, or each would count before the others' are there.
  perform from nodes where id = new.node_id for no key update;
  select count(*) into known from node_gpus where node_id = new.node_id;
  if known >= most then
    delete from node_gpus where node_id = new.node_id and uuid in (
      select g.uuid from node_gpus g
      where g.node_id = new.node_id and not g.present and not exists (
        select from allocation_gpus a where a.node_id = g.node_id and a.uuid = g.uuid)
      order by g.seen_at, g.uuid limit known - most + 1);
    get diagnostics known = row_count;
    if known = 0 then
      raise exception 'A node has at most % GPUs.', most using errcode = 'check_violation';
    end if;
  end if;
  return new;
end
$$;
create trigger gpus_limited before insert on node_gpus for each row execute function limit_gpus();

-- Environments and what instances hold -----------------------------------------------------------

alter table environments
  add column gpus integer not null default 0 check (gpus between 0 and 16),
  -- Of each GPU; null: the whole of it, shared with nobody.
  add column gpu_memory_bytes bigint check (gpu_memory_bytes > 0);

-- One desktop's part of a GPU. A whole GPU is all of its slots. Goes with its allocation.
create table allocation_gpus (
  instance_id uuid not null references allocations on delete cascade,
  node_id uuid not null,
  uuid text not null,
  slot integer not null check (slot >= 0),
  -- Of a GPU that is taken whole, all of it stands on the first slot.
  memory_bytes bigint not null check (memory_bytes >= 0),
  primary key (node_id, uuid, slot),
  foreign key (node_id, uuid) references node_gpus (node_id, uuid)
);
create index allocation_gpus_of on allocation_gpus (instance_id);

-- What an incarnation held while it ran: use over time is read from these.
alter table incarnations
  add column cpus real,
  add column memory_bytes bigint,
  -- [{uuid, memoryBytes}]
  add column gpus jsonb not null default '[]';
create index incarnations_by_time on incarnations (placed_at, ended_at);

-- Rules -----------------------------------------------------------------------------------------

create table rules (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  priority integer not null default 0 check (priority between -1000000 and 1000000),
  enabled boolean not null default true,
  conditions jsonb not null default '{}' check (jsonb_typeof(conditions) = 'object'),
  effects jsonb not null default '{}' check (jsonb_typeof(effects) = 'object'),
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index rule_names on rules (lower(name));

-- Every state a rule was ever in, by whom and why: never changed, and kept when the rule goes.
create table rule_versions (
  rule_id uuid not null,
  version integer not null,
  name text not null,
  priority integer not null,
  enabled boolean not null,
  conditions jsonb not null,
  effects jsonb not null,
  deleted boolean not null default false,
  author_id uuid references users,
  author_name text not null,
  reason text not null default '',
  at timestamptz not null default now(),
  primary key (rule_id, version)
);

-- A node that an experiment has to itself during its beamtime.
create table dedications (
  id uuid primary key default gen_random_uuid(),
  node_id uuid not null references nodes on delete cascade,
  experiment_id uuid not null references experiments on delete cascade,
  rule_id uuid not null,
  rule_name text not null,
  from_at timestamptz not null default now(),
  until_at timestamptz not null,
  ended_at timestamptz
);
create unique index dedication_of_node on dedications (node_id) where ended_at is null;

-- Capacity kept for an experiment, a group (a course, say) or a beamline's people for a time.
create table reservations (
  id uuid primary key default gen_random_uuid(),
  title text not null,
  kind text not null check (kind in ('experiment', 'group', 'beamline')),
  experiment_id uuid references experiments on delete cascade,
  group_id uuid references groups on delete cascade,
  beamline_id uuid references beamlines on delete cascade,
  from_at timestamptz not null,
  until_at timestamptz not null,
  -- So many desktops of this size, on nodes that the selector admits.
  seats integer not null check (seats between 1 and 1000),
  cpus real not null check (cpus between 0.1::real and 10000),
  memory_bytes bigint not null check (memory_bytes >= 64 * 1024 * 1024),
  gpus integer not null default 0 check (gpus between 0 and 16),
  gpu_memory_bytes bigint check (gpu_memory_bytes > 0),
  selector text not null default '',
  created_by uuid references users,
  created_by_name text not null,
  created_at timestamptz not null default now(),
  cancelled_at timestamptz,
  constraint ends_after_it_begins check (until_at > from_at),
  constraint for_one check (
    (kind = 'experiment') = (experiment_id is not null)
    and (kind = 'group') = (group_id is not null)
    and (kind = 'beamline') = (beamline_id is not null)
  )
);
create index reservations_by_end on reservations (until_at) where cancelled_at is null;

-- The queue -------------------------------------------------------------------------------------

alter table instances
  -- By the rules that match it: the higher, the earlier.
  add column queue_priority integer not null default 0,
  -- When it counts as queued: a person's further requests count as younger, so that nobody's ten
  -- stand before another's first. Null: the placer has not seen it yet.
  add column queue_at timestamptz,
  add column queue_estimate timestamptz,
  add column queue_basis text check (queue_basis in ('limit', 'usual')),
  -- By the rule that limited it when it was placed: how long it may live, and each extension is for as long again.
  add column max_minutes integer check (max_minutes > 0),
  -- What its people are asked: to move off a node that is drained, or that a beamtime needs.
  add column notice_code text,
  add column notice_text text,
  add column notice_at timestamptz;
drop index instances_waiting;
create index instances_waiting on instances (queue_priority desc, (coalesce(queue_at, queued_at)), id)
  where state = 'queued';
create index instances_by_limit on instances (expires_at)
  where expires_at is not null and state in ('starting', 'running', 'paused', 'lost');
create index instances_ending_unplaced on instances (id) where state = 'stopping' and node_id is null;
-- What rules' limits and reservations count.
create index instances_alive on instances (id)
  where state in ('queued', 'starting', 'running', 'paused', 'stopping', 'lost');

drop trigger instance_changed on instances;
create trigger instance_changed after update of name, state, desired, generation, incarnation,
  wanted_incarnation, reason_code, reason_text, node_id, placement, queued_at, started_at, ended_at,
  expires_at, queue_estimate, queue_basis, notice_code, notice_text on instances
  for each row execute function note_instance_change();

-- Images beforehand ---------------------------------------------------------------------------

alter table work drop constraint work_subject_kind_check;
alter table work add constraint work_subject_kind_check check (subject_kind in ('instance', 'image'));

-- Which versions a node has, or is to have. `wanted` is the wish; the state is what the node's controller saw.
create table node_images (
  node_id uuid not null references nodes on delete cascade,
  version_id uuid not null references versions on delete cascade,
  wanted boolean not null default false,
  -- Why it is wanted, in words for operators, e.g. "started 14 times in the last week".
  wanted_because text,
  state text not null default 'absent' check (state in ('absent', 'pulling', 'present', 'failed')),
  done_bytes bigint,
  total_bytes bigint,
  size_bytes bigint,
  reason_code text,
  reason_text text,
  changed_at timestamptz not null default now(),
  primary key (node_id, version_id)
);
create index node_images_of_version on node_images (version_id);

-- News for the queue: a rule, a reservation, a label, a GPU, a dedication may let something fit.
create trigger rules_changed after insert or update or delete on rules
  for each statement execute function note_queue();
create trigger reservations_changed after insert or update or delete on reservations
  for each statement execute function note_queue();
drop trigger node_usable on nodes;
create trigger node_usable after update of ready, schedulable, draining, reported_labels, set_labels, cpus, memory_bytes
  on nodes for each row when (
    (new.ready and new.schedulable and not new.draining
      and not (old.ready and old.schedulable and not old.draining))
    or new.draining and not old.draining
    or new.labels is distinct from old.labels
    or new.cpus <> old.cpus or new.memory_bytes <> old.memory_bytes
  ) execute function note_queue();
create trigger gpus_changed after insert or update of slots, set_slots, present, memory_bytes on node_gpus
  for each statement execute function note_queue();

-- Rights ------------------------------------------------------------------------------------------

grant update (set_labels, draining, hold_by, hold_by_name, hold_reason, hold_at) on nodes to asci_gateway;
grant update (machine_id, clock_skew_ms, disk_total_bytes, disk_free_bytes) on nodes to asci_node;

grant select on node_gpus, allocation_gpus, dedications, node_images to asci_gateway;
grant update (set_slots) on node_gpus to asci_gateway;
grant update (gpus, gpu_memory_bytes, cpus, memory_bytes, cpu_limit, memory_limit_bytes) on environments
  to asci_gateway;
grant select (cpus, memory_bytes, gpus) on incarnations to asci_gateway;
grant select, insert, update, delete on rules to asci_gateway;
grant select, insert on rule_versions to asci_gateway;
grant select, insert, update on reservations to asci_gateway;

grant select on node_gpus, rules, reservations to asci_placer;
grant select, insert, update, delete on allocation_gpus, node_images to asci_placer;
grant select, insert, update on dedications to asci_placer;
grant select (id, username, roles, kind) on users to asci_placer;
grant select (id, code, beamline_id, starts_at, ends_at) on experiments to asci_placer;
grant select (id, code) on beamlines to asci_placer;
grant select on members, group_members, beamline_staff to asci_placer;
grant select (id, name) on groups to asci_placer;
grant select on instance_history to asci_placer;

grant select, insert on node_gpus to asci_node;
grant update (model, memory_bytes, slots, present, seen_at) on node_gpus to asci_node;
grant select on allocation_gpus to asci_node;
grant select, insert on node_images to asci_node;
grant update (state, done_bytes, total_bytes, size_bytes, reason_code, reason_text, changed_at)
  on node_images to asci_node;

alter table node_gpus enable row level security;
alter table allocation_gpus enable row level security;
alter table node_images enable row level security;
create policy site on node_gpus to asci_gateway, asci_placer using (true) with check (true);
create policy site on allocation_gpus to asci_gateway, asci_placer using (true) with check (true);
create policy site on node_images to asci_gateway, asci_placer using (true) with check (true);
create policy own on node_gpus to asci_node
  using (node_id = (select current_node())) with check (node_id = (select current_node()));
create policy own on allocation_gpus for select to asci_node using (node_id = (select current_node()));
create policy own on node_images to asci_node
  using (node_id = (select current_node())) with check (node_id = (select current_node()));

-- Who queues anew stands where that request stands, and is asked nothing any more.
create function forget_queue_standing() returns trigger language plpgsql as $$
begin
  new.queue_at := null;
  new.queue_priority := 0;
  new.queue_estimate := null;
  new.queue_basis := null;
  new.notice_code := null;
  new.notice_text := null;
  new.notice_at := null;
  -- The limit is that of the next placement.
  new.expires_at := null;
  new.max_minutes := null;
  return new;
end
$$;
create trigger queued_anew before update of queued_at on instances
  for each row when (old.queued_at is distinct from new.queued_at) execute function forget_queue_standing();

-- Rules say who stands where.
create function rank_anew() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update instances set queue_at = null where state = 'queued' and queue_at is not null;
  return null;
end
$$;
create trigger rules_rank after insert or update or delete on rules
  for each statement execute function rank_anew();

-- An administrator says that a lost machine is gone for good: what stands there has failed, and what it holds is free. As at
-- a take-over by another machine the next epoch voids every lease, so that a controller that returns all the same has
-- to register anew, and clears away what is left there.
-- Null: the node is not lost, or not there; else how many it ended.
create function end_gone_node(gone uuid, by_person uuid) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  ended integer;
begin
  -- The instances before the node and the work, as all who take several.
  perform from instances where node_id = gone
    and state in ('starting', 'running', 'paused', 'stopping', 'lost') order by id for update;
  update nodes set epoch = epoch + 1, ready = false
  where id = gone and last_seen_at <= now() - interval '1 minute';
  if not found then
    return null;
  end if;
  with here as (
    select i.id, i.state, i.incarnation, n.name from instances i join nodes n on n.id = i.node_id
    where n.id = gone and i.state in ('starting', 'running', 'paused', 'stopping', 'lost')
  ), moved as (
    -- A restart that was under way is asked for again by whoever still wants it.
    update instances i set state = 'failed', wanted_incarnation = i.incarnation, ended_at = now(),
      reason_code = 'node_gone',
      reason_text = 'its node, ' || here.name || ', is gone for good, as an administrator says'
    from here where i.id = here.id
    returning i.id, i.incarnation, here.state as before, i.reason_code, i.reason_text
  ), noted as (
    insert into instance_history (instance_id, from_state, to_state, actor, actor_id, reason_code, reason_text)
    select id, before, 'failed', 'person', by_person, reason_code, reason_text from moved
  ), closed as (
    update incarnations c set ended_at = now()
    from moved m where c.instance_id = m.id and c.number = m.incarnation and c.ended_at is null
  )
  select count(*) into ended from moved;
  delete from allocations where node_id = gone;
  update dedications set ended_at = now() where node_id = gone and ended_at is null;
  return ended;
end
$$;
grant execute on function end_gone_node(uuid, uuid) to asci_gateway;

-- Triggers call them whoever writes; nobody else is to, least of all the one with the owner's rights.
revoke all on function forget_queue_standing(), rank_anew(), limit_gpus(), forget_id_token(), end_gone_node(uuid, uuid) from public;
