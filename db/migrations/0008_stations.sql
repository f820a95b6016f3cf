-- Stations: shared computers at beamlines. Each has an account of its own, which is nobody's: it starts desktops for the
-- experiment that runs there now, and reaches nothing once that has ended.

alter table users add column kind text not null default 'person' check (kind in ('person', 'station'));
alter table users drop constraint users_roles_check;
alter table users
  add constraint users_roles_check check (
    cardinality(roles) > 0 and roles <@ array['user', 'staff', 'admin', 'monitor', 'station']
  ),
  -- Nothing to sign in with, and never any other role.
  add constraint station_is_nobody check (
    (kind = 'station') = ('station' = any (roles))
    and (kind = 'person' or cardinality(roles) = 1 and password_hash is null and email is null)
  );

-- What becomes of people's own desktops on a station when the experiment ends: they end as well, or stay their owners'.
alter table beamlines add column station_ending text not null default 'end'
  check (station_ending in ('end', 'owner'));

create table stations (
  id uuid primary key default gen_random_uuid(),
  -- A station that is no more outlives its beamline, as part of the history of what was started there.
  beamline_id uuid references beamlines on delete set null,
  name text not null,
  user_id uuid not null unique references users,
  -- The code with which a browser becomes the station, once: a keyed hash of it.
  code_hash bytea unique,
  code_expires_at timestamptz,
  created_by uuid references users,
  created_at timestamptz not null default now(),
  enrolled_at timestamptz,
  revoked_at timestamptz,
  constraint station_has_a_beamline check (beamline_id is not null or revoked_at is not null),
  constraint code_has_an_end check ((code_hash is null) = (code_expires_at is null))
);
create unique index station_names on stations (beamline_id, lower(name)) where revoked_at is null;

-- Where it was started and may be reached, beside by its owner.
alter table instances add column station_id uuid references stations;
create index instances_of_station on instances (station_id, experiment_id) where station_id is not null;
-- What the placer looks at over and over: not all that ever ran there.
create index instances_at_stations on instances (id)
  where station_id is not null and state not in ('stopped', 'shelved', 'failed');

-- Not even where a list of names has one of theirs.
create function refuse_station() returns trigger
language plpgsql volatile set search_path = public, pg_temp as $$
begin
  if exists (select from users where id = new.user_id and kind = 'station') then
    raise check_violation using constraint = 'only_people', message = 'a station cannot be this, only a person';
  end if;
  return new;
end
$$;
create trigger only_people before insert or update of user_id on members
  for each row execute function refuse_station();
create trigger only_people before insert or update of user_id on group_members
  for each row execute function refuse_station();
create trigger only_people before insert or update of user_id on beamline_staff
  for each row execute function refuse_station();
create trigger only_people before insert or update of user_id on identities
  for each row execute function refuse_station();
create trigger only_people before insert or update of user_id on entitlements
  for each row when (new.user_id is not null) execute function refuse_station();

-- The experiments that run at a station now, by its account: what it offers, reaches and sees hangs on these alone.
create function station_experiments(account uuid) returns table (station_id uuid, experiment_id uuid)
language sql stable parallel safe
begin atomic
  select s.id, x.id
  from stations s join experiments x on x.beamline_id = s.beamline_id
  where s.user_id = account and s.revoked_at is null and x.starts_at <= now() and x.ends_at > now();
end;

-- What someone may see and connect to: a person what they own, a station what was started there, by whomever, for an
-- experiment that still runs.
create function reachable_instances(account uuid) returns table (instance_id uuid)
language sql stable parallel safe
begin atomic
  select i.id from instances i join users u on u.id = i.owner_id
  where i.owner_id = account and u.kind = 'person'
  union all
  select i.id from station_experiments(account) e
  join instances i on i.station_id = e.station_id and i.experiment_id = e.experiment_id
  -- Whom the site keeps out, their files are kept from everybody.
  join users o on o.id = i.owner_id and o.disabled_at is null
  -- Goes without saying, but for the planner, which would else expect every instance where there are no stations.
  where i.station_id is not null;
end;

-- What a person, or a station, may start now, and by what: with an experiment, or (null) without one.
create or replace function entitled(person uuid)
returns table (environment_id uuid, experiment_id uuid, via text, entitlement_id uuid)
language sql stable parallel safe
begin atomic
  with held as (
    select m.experiment_id, x.beamline_id
    from members m join experiments x on x.id = m.experiment_id
    where m.user_id = person and (m.until is null or m.until > now())
  ), looked_after as (
    -- Who no longer has the role has no beamline either.
    select s.beamline_id from beamline_staff s join users u on u.id = s.user_id
    where s.user_id = person and u.roles && array['staff', 'admin']
  ), opened as (
    select e.environment_id, null::uuid as experiment_id, 'everyone' as via, e.id, e.from_at, e.until_at
    from entitlements e
    where e.kind = 'everyone' and not exists (select from users u where u.id = person and u.kind = 'station')
    union all
    select e.environment_id, null, 'person', e.id, e.from_at, e.until_at
    from entitlements e where e.user_id = person
    union all
    select e.environment_id, null, 'group', e.id, e.from_at, e.until_at
    from group_members g join entitlements e on e.group_id = g.group_id where g.user_id = person
    union all
    select e.environment_id, h.experiment_id, 'experiment', e.id, e.from_at, e.until_at
    from held h join entitlements e on e.experiment_id = h.experiment_id
    union all
    select e.environment_id, h.experiment_id, 'beamline', e.id, e.from_at, e.until_at
    from held h join entitlements e on e.beamline_id = h.beamline_id
    union all
    -- Who looks after a beamline may use all that it offers, with or without an experiment.
    select e.environment_id, null, 'staff', e.id, e.from_at, e.until_at
    from looked_after s join entitlements e on e.beamline_id = s.beamline_id
    union all
    select e.environment_id, x.id, 'staff', e.id, e.from_at, e.until_at
    from looked_after s join experiments x on x.beamline_id = s.beamline_id
    join entitlements e on e.experiment_id = x.id
    union all
    -- A station: what anyone of an experiment that runs there now may start for it, and never without it.
    select e.environment_id, r.experiment_id, 'station', e.id, e.from_at, e.until_at
    from station_experiments(person) r join experiments x on x.id = r.experiment_id
    join entitlements e on e.kind = 'everyone' or e.experiment_id = x.id or e.beamline_id = x.beamline_id
  )
  select environment_id, experiment_id, via, id from opened
  where (from_at is null or from_at <= now()) and (until_at is null or until_at > now());
end;

-- The person behind an instance, or the station: that one has no home that would outlive the desktop, and the group of
-- the experiment while it runs.
drop function instance_person(uuid);
create function instance_person(instance uuid)
returns table (
  username text, uid integer, gid integer, display_name text, station boolean, groups jsonb, all_gids jsonb
)
language sql stable security definer set search_path = public, pg_temp
begin atomic
  select u.username, u.uid, coalesce(u.gid, u.uid), u.display_name, u.kind = 'station', coalesce((
    select jsonb_agg(jsonb_build_object('name', g.name, 'gid', g.gid) order by g.place, g.name)
    from (
      select 'exp-' || lower(x.code) as name, x.gid, 0 as place
      from members m join experiments x on x.id = m.experiment_id
      where m.user_id = u.id and x.id = i.experiment_id and (m.until is null or m.until > now())
      union all
      select 'exp-' || lower(x.code), x.gid, 0
      from station_experiments(u.id) r join experiments x on x.id = r.experiment_id
      where x.id = i.experiment_id and r.station_id = i.station_id
      union all
      select g.name, g.gid, 1 from group_members gm join groups g on g.id = gm.group_id
      where gm.user_id = u.id and g.gid is not null
      union all
      (select 'exp-' || lower(x.code), x.gid, 2
      from members m join experiments x on x.id = m.experiment_id
      where m.user_id = u.id and i.experiment_id is null and (m.until is null or m.until > now())
        and x.data_access <> 'none'
      order by x.starts_at desc, x.id desc limit 32)
    ) g), '[]'),
    -- Those of another desktop of theirs as well: with what rights they can change the way to a folder.
    coalesce((select jsonb_agg(a.gid) from (
      select x.gid from members m join experiments x on x.id = m.experiment_id where m.user_id = u.id
      union select g.gid from group_members gm join groups g on g.id = gm.group_id
      where gm.user_id = u.id and g.gid is not null
    ) a), '[]')
  from instances i join users u on u.id = i.owner_id
  where i.id = instance and i.node_id = current_node();
end;

-- What data a desktop finds: that of the experiment it was started for, or without one that of its owner's newest. Only
-- where they are a member at this moment; on a station of its own account, only while the experiment runs there.
create or replace function instance_data(instance uuid)
returns table (
  experiment text, beamline text, year integer, path text, access text, gid integer, chosen boolean, begun boolean
)
language sql stable security definer set search_path = public, pg_temp
begin atomic
  select x.code, b.code, extract(year from x.starts_at at time zone 'utc')::integer, x.data_path, x.data_access, x.gid,
    i.experiment_id is not null, x.starts_at <= now()
  from instances i
  cross join lateral (
    select m.experiment_id from members m
    where m.user_id = i.owner_id and (m.until is null or m.until > now())
      and (i.experiment_id is null or m.experiment_id = i.experiment_id)
    union all
    select r.experiment_id from station_experiments(i.owner_id) r
    where r.experiment_id = i.experiment_id and r.station_id = i.station_id
  ) seen
  join experiments x on x.id = seen.experiment_id
  join beamlines b on b.id = x.beamline_id
  where i.id = instance and i.node_id = current_node() and x.data_access <> 'none'
  order by x.starts_at desc, x.id desc limit 32;
end;

create or replace function node_homes() returns table (instance_id uuid, username text, uid integer)
language sql stable security definer set search_path = public, pg_temp
begin atomic
  select distinct on (u.id) i.id, u.username, u.uid
  from instances i join users u on u.id = i.owner_id
  where i.node_id = current_node() and i.state = 'running' and u.kind = 'person' order by u.id, i.id;
end;

-- Tickets and open streams: the same question as everywhere.
create or replace function redeem_ticket(ticket uuid, node uuid)
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
    and exists (select from reachable_instances(u.id) r where r.instance_id = i.id)
    and s.id = t.sign_in_id and s.revoked_at is null and s.expires_at > now()
    -- Here as well, whatever copies of the keys there are: a key that has leaked ends at once.
    and k.kid = t.kid and (k.retired_at is null or k.retired_at > now())
  returning t.instance_id, t.incarnation, t.permission,
    case t.permission when 'control' then c.vnc_control else c.vnc_view end;
end;

create or replace function dead_grants(grants uuid[])
returns table (jti uuid, why text)
language sql stable security definer set search_path = public, pg_temp
begin atomic
  select g.jti, case
      when t.jti is null then 'revoked'
      when u.disabled_at is not null then 'disabled'
      when s.revoked_at is not null or s.expires_at <= now() then 'signed_out'
      when i.state not in ('running', 'paused', 'lost') or i.incarnation <> t.incarnation then 'ended'
      else 'revoked'
    end
  from unnest(grants) as g(jti)
  left join tickets t on t.jti = g.jti
  left join users u on u.id = t.user_id
  left join sign_ins s on s.id = t.sign_in_id
  left join instances i on i.id = t.instance_id
  where t.jti is null or u.disabled_at is not null
    or s.revoked_at is not null or s.expires_at <= now()
    or i.state not in ('running', 'paused', 'lost') or i.incarnation <> t.incarnation
    -- What a person reaches is what they own, which does not change.
    or u.kind = 'station' and not exists (select from reachable_instances(u.id) r where r.instance_id = i.id);
end;

-- News of an instance is for its owner, and for the station that it is on, or has just left.
create or replace function note_instance_change() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into changes (user_id, kind, subject_id) values (new.owner_id, 'instance', new.id);
  if new.station_id is not null or tg_op = 'UPDATE' and old.station_id is not null then
    insert into changes (user_id, kind, subject_id)
    select s.user_id, 'instance', new.id from stations s
    where s.user_id <> new.owner_id and (s.id = new.station_id or tg_op = 'UPDATE' and s.id = old.station_id);
  end if;
  if new.state = 'queued' or (new.state = 'stopping' and new.node_id is null) then
    perform pg_notify('asci_queue', '');
  end if;
  return null;
end
$$;
drop trigger instance_changed on instances;
create trigger instance_changed after update of name, state, desired, generation, incarnation,
  wanted_incarnation, reason_code, reason_text, node_id, placement, queued_at, started_at, ended_at,
  expires_at, station_id on instances
  for each row execute function note_instance_change();

create or replace function note_incarnation_change() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into changes (user_id, kind, subject_id)
  select owner_id, 'instance', id from instances where id = new.instance_id
  union
  select s.user_id, 'instance', i.id from instances i join stations s on s.id = i.station_id
  where i.id = new.instance_id;
  return null;
end
$$;

revoke all on function refuse_station(), station_experiments(uuid), reachable_instances(uuid), instance_person(uuid)
  from public;
grant execute on function station_experiments(uuid), reachable_instances(uuid) to asci_gateway;
grant execute on function instance_person(uuid) to asci_node;
grant select, insert, update on stations to asci_gateway;
grant select (id, beamline_id, user_id, revoked_at) on stations to asci_placer;
grant select (id, beamline_id, starts_at, ends_at) on experiments to asci_placer;
grant select (id, station_ending) on beamlines to asci_placer;
