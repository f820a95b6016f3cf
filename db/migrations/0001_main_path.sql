-- The whole main path: people, catalogue, nodes, instances, work, tickets, keys, changes, audit,
-- and who may do what with them.

-- Group roles are cluster-wide, so another database of this cluster may have made them already.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['asci_gateway', 'asci_placer', 'asci_node', 'asci_relay'] loop
    begin
      execute format('create role %I nologin', wanted);
    exception when duplicate_object or unique_violation then
      null;
    end;
  end loop;
end
$$;

revoke create on schema public from public;
grant usage on schema public to asci_gateway, asci_placer, asci_node, asci_relay;

-- ISO 8601 in UTC with milliseconds, as the API gives times.
create function iso(at timestamptz) returns text
language sql immutable parallel safe
return to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

create table installation (
  singleton boolean primary key default true check (singleton),
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default now()
);
insert into installation default values;

-- People ------------------------------------------------------------------------------------

-- Far above what distributions and facilities give to people, so that an allotted uid meets no other.
create sequence uids start 200000 maxvalue 2000000000;

create table users (
  id uuid primary key default gen_random_uuid(),
  username text not null unique check (username ~ '^[a-z][a-z0-9_-]{0,30}$'),
  display_name text not null,
  email text unique,
  password_hash text,
  roles text[] not null default '{user}' check (
    cardinality(roles) > 0 and roles <@ array['user', 'staff', 'admin', 'monitor']
  ),
  uid integer not null unique default nextval('uids'),
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  last_sign_in_at timestamptz
);

create table sign_ins (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users on delete cascade,
  token_hash bytea not null unique,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  address text,
  user_agent text
);
create index sign_ins_of_user on sign_ins (user_id);

-- Wrong passwords per name and per address; a row is the state of one bucket.
create table sign_in_failures (
  bucket text primary key,
  failures integer not null,
  window_started_at timestamptz not null default now(),
  blocked_until timestamptz
);

-- Catalogue ---------------------------------------------------------------------------------

create table environments (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name text not null,
  kind text not null check (kind in ('desktop', 'service')),
  description text not null default '',
  -- Reserved on the node by placement; what a container may use beyond that while others leave it.
  cpus real not null default 1 check (cpus > 0),
  memory_bytes bigint not null default 4294967296 check (memory_bytes > 0),
  cpu_limit real check (cpu_limit >= cpus),
  memory_limit_bytes bigint check (memory_limit_bytes >= memory_bytes),
  enabled boolean not null default true,
  created_at timestamptz not null default now()
);

create table versions (
  id uuid primary key default gen_random_uuid(),
  environment_id uuid not null references environments on delete cascade,
  tag text not null,
  image text not null,
  digest text not null,
  created_at timestamptz not null default now(),
  unique (environment_id, tag)
);

-- Nodes -------------------------------------------------------------------------------------

create table nodes (
  id uuid primary key default gen_random_uuid(),
  name text not null unique,
  -- The database logins of its controller and its relay: what row-level security goes by.
  db_login name unique,
  relay_login name unique,
  epoch bigint not null default 0,
  controller_url text,
  relay_url text,
  labels jsonb not null default '{}',
  cpus real not null default 0,
  memory_bytes bigint not null default 0,
  schedulable boolean not null default true,
  ready boolean not null default false,
  reason_code text,
  reason_text text,
  last_seen_at timestamptz,
  created_at timestamptz not null default now()
) with (fillfactor = 70);

-- Instances ---------------------------------------------------------------------------------

create table instances (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  environment_id uuid not null references environments,
  version_id uuid not null references versions,
  owner_id uuid not null references users,
  experiment text,
  -- The screen it starts with, e.g. 1440x900; viewers resize it later.
  geometry text check (geometry ~ '^[0-9]{3,4}x[0-9]{3,4}$'),
  state text not null default 'queued' check (state in (
    'queued', 'starting', 'running', 'paused', 'stopping', 'stopped', 'shelved', 'failed', 'lost'
  )),
  desired text not null default 'running' check (
    desired in ('running', 'paused', 'stopped', 'shelved')
  ),
  generation bigint not null default 1,
  -- The newest incarnation placed, and the one wished for: a restart raises only the latter.
  incarnation integer not null default 0,
  wanted_incarnation integer not null default 1,
  reason_code text,
  reason_text text,
  node_id uuid references nodes,
  placement jsonb,
  queued_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz,
  last_active_at timestamptz,
  expires_at timestamptz
);
create index instances_of_owner on instances (owner_id, created_at desc);
create index instances_on_node on instances (node_id) where node_id is not null;
create index instances_waiting on instances (queued_at)
  where state = 'queued' or (state = 'stopping' and node_id is null);

create table incarnations (
  instance_id uuid not null references instances on delete cascade,
  number integer not null,
  node_id uuid not null references nodes,
  container_id text,
  vnc_control text not null,
  vnc_view text not null,
  queued_at timestamptz not null,
  placed_at timestamptz not null default now(),
  container_at timestamptz,
  ready_at timestamptz,
  panel_at timestamptz,
  ended_at timestamptz,
  exit_code integer,
  primary key (instance_id, number)
);
create index incarnations_recent on incarnations (placed_at desc) where panel_at is not null;
create index incarnations_on_node on incarnations (node_id);

create table allocations (
  instance_id uuid primary key references instances on delete cascade,
  node_id uuid not null references nodes,
  cpus real not null,
  memory_bytes bigint not null,
  created_at timestamptz not null default now()
);
create index allocations_on_node on allocations (node_id);

create table instance_history (
  id bigint generated always as identity primary key,
  instance_id uuid not null references instances on delete cascade,
  at timestamptz not null default now(),
  from_state text,
  to_state text not null,
  actor text not null check (actor in ('person', 'placer', 'controller', 'judge')),
  actor_id uuid,
  reason_code text,
  reason_text text
);
create index history_of_instance on instance_history (instance_id, id);

create table idempotency_keys (
  user_id uuid not null references users on delete cascade,
  key text not null,
  body_hash text not null,
  instance_id uuid not null references instances on delete cascade,
  created_at timestamptz not null default now(),
  primary key (user_id, key)
);

-- Work --------------------------------------------------------------------------------------

-- "Look at this subject": no instructions, one permanent row per subject and node.
-- Due when wanted > done, run_at has come, and no lease lives.
create table work (
  subject_kind text not null check (subject_kind in ('instance')),
  subject_id uuid not null,
  node_id uuid not null references nodes,
  wanted bigint not null default 1,
  done bigint not null default 0,
  run_at timestamptz not null default now(),
  attempts integer not null default 0,
  last_error text,
  fence bigint not null default 0,
  lease_until timestamptz,
  lease_epoch bigint,
  primary key (subject_kind, subject_id, node_id)
) with (fillfactor = 70);
create index work_due on work (node_id, run_at) where wanted > done;

-- The placer's lock: whoever holds this row's lock places.
create table placer_lock (singleton boolean primary key default true check (singleton));
insert into placer_lock default values;

-- Tickets and keys ----------------------------------------------------------------------------

-- A ticket is the grant of one stream; it stays for as long as the stream may live.
create table tickets (
  jti uuid primary key,
  user_id uuid not null references users on delete cascade,
  sign_in_id uuid not null references sign_ins on delete cascade,
  instance_id uuid not null references instances on delete cascade,
  incarnation integer not null,
  node_id uuid not null references nodes,
  permission text not null check (permission in ('control', 'view')),
  -- What signed it; a retired key takes its tickets along.
  kid text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index tickets_by_age on tickets (created_at);

create table signing_keys (
  kid text primary key,
  public_jwk jsonb not null,
  sealed_private bytea not null,
  created_at timestamptz not null default now(),
  -- Published first, so that every verifier knows the key before anything is signed with it. The
  -- times may lie ahead: a rotation sets them all at once (db/key-schedule.ts).
  sign_from timestamptz not null,
  sign_until timestamptz,
  retired_at timestamptz
);

-- Changes for people, and the audit trail -----------------------------------------------------

-- Readers resume by (xid, id) and read only below the snapshot's xmin: a plain id cursor would skip
-- a row whose transaction commits late.
create table changes (
  xid xid8 not null default pg_current_xact_id(),
  id bigint generated always as identity,
  at timestamptz not null default now(),
  user_id uuid not null,
  kind text not null,
  subject_id uuid not null,
  primary key (xid, id)
);
create index changes_of_user on changes (user_id, xid, id);

create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor_id uuid,
  actor_name text,
  action text not null,
  outcome text not null check (outcome in ('allowed', 'refused')),
  subject_kind text,
  subject_id text,
  address text,
  request_id text,
  detail jsonb
);
create index audit_by_time on audit (at desc);

-- Triggers: hints travel in the transaction that makes them true -------------------------------

create function note_instance_change() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into changes (user_id, kind, subject_id) values (new.owner_id, 'instance', new.id);
  if new.state = 'queued' or (new.state = 'stopping' and new.node_id is null) then
    perform pg_notify('asci_queue', '');
  end if;
  return null;
end
$$;
create trigger instance_made after insert on instances
  for each row execute function note_instance_change();
-- Activity alone is no news: it comes every few seconds from every desktop in use.
create trigger instance_changed after update of name, state, desired, generation, incarnation,
  wanted_incarnation, reason_code, reason_text, node_id, placement, queued_at, started_at, ended_at,
  expires_at on instances
  for each row execute function note_instance_change();

create function note_incarnation_change() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into changes (user_id, kind, subject_id)
  select owner_id, 'instance', id from instances where id = new.instance_id;
  return null;
end
$$;
create trigger incarnations_changed after update of container_at, ready_at, panel_at on incarnations
  for each row execute function note_incarnation_change();

-- Whose sign-in ends, their event streams look at once whether they may go on.
create function note_sign_out() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into changes (user_id, kind, subject_id) values (new.user_id, 'sign_in', new.id);
  return null;
end
$$;
create trigger signed_out after update of revoked_at on sign_ins
  for each row when (old.revoked_at is null and new.revoked_at is not null)
  execute function note_sign_out();

create function note_changes() returns trigger language plpgsql as $$
begin
  perform pg_notify('asci_changes', '');
  return null;
end
$$;
create trigger changes_noted after insert on changes
  for each statement execute function note_changes();

create function note_work() returns trigger language plpgsql as $$
begin
  perform pg_notify('asci_work', new.node_id::text);
  return null;
end
$$;
create trigger work_wished after insert on work for each row execute function note_work();
create trigger work_wished_again after update of wanted on work
  for each row when (new.wanted > old.wanted) execute function note_work();

-- A freed place, or a node that can take work again, is news for the queue.
create function note_queue() returns trigger language plpgsql as $$
begin
  perform pg_notify('asci_queue', '');
  return null;
end
$$;
create trigger place_freed after delete on allocations
  for each statement execute function note_queue();
create trigger node_usable after update of ready, schedulable on nodes for each row
  when (new.ready and new.schedulable and not (old.ready and old.schedulable))
  execute function note_queue();

-- What a node's login reaches -------------------------------------------------------------------

create function current_node() returns uuid
language sql stable security definer set search_path = public, pg_temp
return (select id from nodes where db_login = session_user);

create function current_relay() returns uuid
language sql stable security definer set search_path = public, pg_temp
return (select id from nodes where relay_login = session_user);

-- The table of states as the database enforces it against a node's login; a test compares it with
-- the one in db/states.ts.
create table controller_transitions (
  from_state text not null,
  to_state text not null,
  primary key (from_state, to_state)
);
insert into controller_transitions values
  ('starting', 'running'), ('starting', 'stopping'), ('starting', 'failed'),
  ('running', 'paused'), ('running', 'stopping'), ('running', 'failed'),
  ('paused', 'running'), ('paused', 'stopping'), ('paused', 'failed'),
  ('stopping', 'stopped'), ('stopping', 'shelved'), ('stopping', 'failed'),
  ('stopped', 'queued'), ('failed', 'queued'),
  ('lost', 'running'), ('lost', 'paused'), ('lost', 'starting'), ('lost', 'stopping'),
  ('lost', 'failed');

-- A node that is broken into must not queue, or bring back to life, what it likes.
create function check_controller_transition() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if current_node() is not null and not exists (
    select from controller_transitions t
    where t.from_state = old.state and t.to_state = new.state
  ) then
    raise exception 'a controller may not move an instance from % to %', old.state, new.state
      using errcode = 'insufficient_privilege';
  end if;
  if current_node() is not null and new.state = 'queued' and exists (
    select from allocations a where a.instance_id = new.id
  ) then
    raise exception 'an instance that holds an allocation cannot be queued'
      using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
create trigger controller_transition before update of state on instances
  for each row when (old.state is distinct from new.state)
  execute function check_controller_transition();

-- The person's side of an instance that this node holds: what a container needs, nothing else of them.
create function instance_person(instance uuid)
returns table (username text, uid integer, display_name text)
language sql stable security definer set search_path = public, pg_temp
begin atomic
  select u.username, u.uid, u.display_name
  from instances i join users u on u.id = i.owner_id
  where i.id = instance and i.node_id = current_node();
end;

-- Which of these instances the database knows at all, on whatever node: a container whose instance
-- nobody knows (a restored backup) is reported and left alone.
create function known_instances(ids uuid[]) returns table (id uuid, incarnation integer)
language sql stable security definer set search_path = public, pg_temp
begin atomic
  select i.id, i.incarnation from instances i where i.id = any (ids);
end;

-- What a relay's login may do: redeem, ask for dead grants, read public keys --------------------

create function redeem_ticket(ticket uuid, node uuid)
returns table (instance_id uuid, incarnation integer, permission text, vnc_password text)
language sql volatile security definer set search_path = public, pg_temp
begin atomic
  update tickets t set used_at = now()
  from instances i, incarnations c, users u, sign_ins s, signing_keys k
  where t.jti = ticket and t.node_id = node and node = current_relay() and t.used_at is null and t.expires_at > now()
    and i.id = t.instance_id and i.node_id = t.node_id and i.incarnation = t.incarnation
    and i.state = 'running'
    and c.instance_id = t.instance_id and c.number = t.incarnation
    and u.id = t.user_id and u.disabled_at is null
    and i.owner_id = u.id
    and s.id = t.sign_in_id and s.revoked_at is null and s.expires_at > now()
    -- Here as well, whatever copies of the keys there are: a key that has leaked ends at once.
    and k.kid = t.kid and (k.retired_at is null or k.retired_at > now())
  returning t.instance_id, t.incarnation, t.permission,
    case t.permission when 'control' then c.vnc_control else c.vnc_view end;
end;

-- Why a ticket was not redeemed, for the answer's code.
create function ticket_fault(ticket uuid, node uuid) returns text
language sql stable security definer set search_path = public, pg_temp
begin atomic
  select case
    when t.jti is null or t.node_id <> node then 'ticket_unknown'
    when k.retired_at <= now() then 'ticket_forged'
    when t.used_at is not null then 'ticket_used'
    when t.expires_at <= now() then 'ticket_expired'
    else 'ticket_revoked'
  end
  from (select ticket as wanted where node = current_relay()) w
  left join tickets t on t.jti = w.wanted
  left join signing_keys k on k.kid = t.kid;
end;

create function dead_grants(grants uuid[])
returns table (jti uuid, why text)
language sql stable security definer set search_path = public, pg_temp
begin atomic
  select g.jti, case
      when t.jti is null then 'revoked'
      when u.disabled_at is not null then 'disabled'
      when s.revoked_at is not null or s.expires_at <= now() then 'signed_out'
      when i.state not in ('running', 'paused', 'lost') or i.incarnation <> t.incarnation then 'ended'
    end
  from unnest(grants) as g(jti)
  left join tickets t on t.jti = g.jti
  left join users u on u.id = t.user_id
  left join sign_ins s on s.id = t.sign_in_id
  left join instances i on i.id = t.instance_id
  where t.jti is null or u.disabled_at is not null
    or s.revoked_at is not null or s.expires_at <= now()
    or i.state not in ('running', 'paused', 'lost') or i.incarnation <> t.incarnation;
end;

create function note_activity(instance uuid, node uuid, at timestamptz) returns void
language sql volatile security definer set search_path = public, pg_temp
begin atomic
  update instances set last_active_at = greatest(last_active_at, least(at, now()))
  where id = instance and node_id = node and node = current_relay() and state = 'running';
end;

create function verification_keys() returns table (kid text, public_jwk jsonb)
language sql stable security definer set search_path = public, pg_temp
begin atomic
  select kid, public_jwk from signing_keys where retired_at is null or retired_at > now();
end;

create function schema_version() returns integer
language sql stable security definer set search_path = public, pg_temp
return (select max(version) from schema_migrations);

-- Rights ------------------------------------------------------------------------------------------

revoke all on all functions in schema public from public;
grant execute on function iso(timestamptz), schema_version()
  to asci_gateway, asci_placer, asci_node, asci_relay;
grant execute on function current_relay() to asci_relay;
grant execute on function current_node(), instance_person(uuid), known_instances(uuid[]) to asci_node;
grant execute on function redeem_ticket(uuid, uuid), ticket_fault(uuid, uuid), dead_grants(uuid[]),
  note_activity(uuid, uuid, timestamptz), verification_keys() to asci_relay;

grant select on installation to asci_gateway, asci_placer, asci_node, asci_relay;

grant select, insert, update on users, sign_ins to asci_gateway;
grant usage on sequence uids to asci_gateway;
grant select, insert, update, delete on sign_in_failures, idempotency_keys to asci_gateway;
grant select on environments, versions, nodes, allocations, instance_history to asci_gateway;
grant update (schedulable) on nodes to asci_gateway;
grant select, insert, update on instances to asci_gateway;
grant insert on instance_history to asci_gateway;
grant select (
  instance_id, number, node_id, container_id, queued_at, placed_at, container_at, ready_at, panel_at,
  ended_at, exit_code
) on incarnations to asci_gateway;
grant select, insert, update on work to asci_gateway;
grant select, insert on tickets to asci_gateway;
grant select, insert, update on signing_keys to asci_gateway;
grant select on changes to asci_gateway;
grant select, insert on audit to asci_gateway;

grant select, update on placer_lock to asci_placer;
grant select on environments, versions, nodes, work to asci_placer;
grant select, update on instances to asci_placer;
grant select, insert, update on incarnations to asci_placer;
grant select, insert, update, delete on allocations to asci_placer;
grant insert on instance_history, audit to asci_placer;
grant insert, update on work to asci_placer;
grant delete, select on tickets, idempotency_keys, sign_in_failures, changes to asci_placer;

grant select on environments, versions to asci_node;
grant select on nodes to asci_node;
grant update (
  epoch, labels, cpus, memory_bytes, ready, reason_code, reason_text, last_seen_at, controller_url,
  relay_url
) on nodes to asci_node;
grant select on work, incarnations to asci_node;
grant update (
  wanted, done, run_at, attempts, last_error, fence, lease_until, lease_epoch
) on work to asci_node;
grant update (container_id, container_at, ready_at, panel_at, ended_at, exit_code)
  on incarnations to asci_node;
grant select on instances to asci_node;
grant update (
  state, reason_code, reason_text, started_at, ended_at, queued_at, last_active_at
) on instances to asci_node;
grant select, delete on allocations to asci_node;
grant select, insert on instance_history to asci_node;

-- Rows: a node's login sees its own; the others of these roles see all.
alter table nodes enable row level security;
alter table work enable row level security;
alter table instances enable row level security;
alter table incarnations enable row level security;
alter table allocations enable row level security;
alter table instance_history enable row level security;

create policy site on nodes to asci_gateway, asci_placer using (true) with check (true);
create policy site on work to asci_gateway, asci_placer using (true) with check (true);
create policy site on instances to asci_gateway, asci_placer using (true) with check (true);
create policy site on incarnations to asci_gateway, asci_placer using (true) with check (true);
create policy site on allocations to asci_gateway, asci_placer using (true) with check (true);
create policy site on instance_history to asci_gateway, asci_placer using (true) with check (true);

-- The function sits in a sub-select so that it runs once per statement, not once per row.
create policy own on nodes to asci_node
  using (id = (select current_node())) with check (id = (select current_node()));
create policy own on work to asci_node
  using (node_id = (select current_node())) with check (node_id = (select current_node()));
create policy own on instances to asci_node
  using (node_id = (select current_node())) with check (node_id = (select current_node()));
create policy own on incarnations to asci_node
  using (node_id = (select current_node())) with check (node_id = (select current_node()));
create policy own on allocations to asci_node using (node_id = (select current_node()));
create policy own_read on instance_history for select to asci_node using (
  exists (select from instances i where i.id = instance_id and i.node_id = (select current_node()))
);
create policy own on instance_history for insert to asci_node with check (
  actor = 'controller' and actor_id is null and exists (select from instances i where i.id = instance_id and i.node_id = (select current_node()))
);
