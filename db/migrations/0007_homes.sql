-- With which ids a desktop runs, what is mounted into it, and what room there is in a home.

-- A number stands for one person or one group: who got the uid that is an experiment's gid could read its data.
create table posix_ids (id integer primary key);

-- The group in which a person's files are; null: one of their own, with the number of their uid.
alter table users add column gid integer check (gid > 0);
create index users_of_gid on users (gid) where gid is not null;

-- Apart from the uids, so that neither is used up by the other.
create sequence gids start 1000000000 maxvalue 2000000000;

create function allot_id(numbers regclass) returns integer
language plpgsql volatile set search_path = public, pg_temp as $$
declare
  allotted integer;
begin
  loop
    allotted := nextval(numbers);
    exit when not exists (select from posix_ids where id = allotted);
  end loop;
  return allotted;
end
$$;
create or replace function allot_uid() returns integer
language sql volatile set search_path = public, pg_temp return allot_id('uids');
create function allot_gid() returns integer
language sql volatile set search_path = public, pg_temp return allot_id('gids');

insert into posix_ids select uid from users union select gid from groups where gid is not null
  union select gid from experiments where gid is not null;
alter table experiments alter column gid set default allot_gid();

-- As the owner: nobody else has a right to the numbers.
create function keep_posix_id() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  before integer := case when tg_op <> 'INSERT' then (to_jsonb(old) ->> tg_argv[0])::integer end;
  after integer := case when tg_op <> 'DELETE' then (to_jsonb(new) ->> tg_argv[0])::integer end;
begin
  if before is not distinct from after then
    return null;
  end if;
  delete from posix_ids where id = before;
  if after is not null then
    insert into posix_ids (id) values (after);
    if exists (select from users where gid = after) then
      raise unique_violation using constraint = 'posix_ids_pkey', message = 'the number is a group of people';
    end if;
  end if;
  return null;
end
$$;
create function check_person_gid() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if exists (select from posix_ids where id = new.gid) then
    raise unique_violation using constraint = 'posix_ids_pkey', message = 'the number is somebody''s';
  end if;
  return null;
end
$$;
create trigger keep_uid after insert or delete or update of uid on users
  for each row execute function keep_posix_id('uid');
create trigger check_gid after insert or update of gid on users
  for each row when (new.gid is not null) execute function check_person_gid();
create trigger keep_gid after insert or delete or update of gid on experiments
  for each row execute function keep_posix_id('gid');
create trigger keep_gid after insert or delete or update of gid on groups
  for each row execute function keep_posix_id('gid');

update experiments set gid = allot_gid() where gid is null;
alter table experiments alter column gid set not null;

-- What a node may know of the person behind an instance, and only while it is that node's. Groups in the order in which
-- they matter: a server of files may look at no more than 16 (RFC 5531, AUTH_SYS).
drop function instance_person(uuid);
create function instance_person(instance uuid)
returns table (username text, uid integer, gid integer, display_name text, groups jsonb)
language sql stable security definer set search_path = public, pg_temp
begin atomic
  select u.username, u.uid, coalesce(u.gid, u.uid), u.display_name, coalesce((
    select jsonb_agg(jsonb_build_object('name', g.name, 'gid', g.gid) order by g.place, g.name)
    from (
      select 'exp-' || lower(x.code) as name, x.gid, 0 as place
      from members m join experiments x on x.id = m.experiment_id
      where m.user_id = u.id and x.id = i.experiment_id and (m.until is null or m.until > now())
      union all
      select g.name, g.gid, 1 from group_members gm join groups g on g.id = gm.group_id
      where gm.user_id = u.id and g.gid is not null
      union all
      (select 'exp-' || lower(x.code), x.gid, 2
      from members m join experiments x on x.id = m.experiment_id
      where m.user_id = u.id and i.experiment_id is null and (m.until is null or m.until > now())
      order by x.starts_at desc, x.id desc limit 32)
    ) g), '[]')
  from instances i join users u on u.id = i.owner_id
  where i.id = instance and i.node_id = current_node();
end;

-- What data a desktop finds: that of the experiment it was started for, or without one that of its owner's newest. Only
-- where they are a member at this moment.
create function instance_data(instance uuid)
returns table (
  experiment text, beamline text, year integer, path text, access text, gid integer, chosen boolean, begun boolean
)
language sql stable security definer set search_path = public, pg_temp
begin atomic
  select x.code, b.code, extract(year from x.starts_at at time zone 'utc')::integer, x.data_path, x.data_access, x.gid,
    i.experiment_id is not null, x.starts_at <= now()
  from instances i
  join members m on m.user_id = i.owner_id and (m.until is null or m.until > now())
  join experiments x on x.id = m.experiment_id and (i.experiment_id is null or x.id = i.experiment_id)
  join beamlines b on b.id = x.beamline_id
  where i.id = instance and i.node_id = current_node() and x.data_access <> 'none'
  order by x.starts_at desc, x.id desc limit 32;
end;

-- Room in homes, as the nodes last saw it.
create table homes (
  user_id uuid primary key references users on delete cascade,
  total_bytes bigint not null check (total_bytes >= 0),
  free_bytes bigint not null check (free_bytes >= 0),
  -- Whether the room is this person's own (a quota), or shared with others on the same storage.
  own boolean not null,
  seen_at timestamptz not null default now()
);

-- The owners of a node's running instances, whose homes it can look at.
create function node_homes() returns table (instance_id uuid, username text, uid integer)
language sql stable security definer set search_path = public, pg_temp
begin atomic
  select distinct on (u.id) i.id, u.username, u.uid
  from instances i join users u on u.id = i.owner_id
  where i.node_id = current_node() and i.state = 'running' order by u.id, i.id;
end;

create function note_home(instance uuid, total bigint, free bigint, own boolean) returns void
language sql volatile security definer set search_path = public, pg_temp
begin atomic
  insert into homes (user_id, total_bytes, free_bytes, own)
  select i.owner_id, total, least(free, total), own
  from instances i where i.id = instance and i.node_id = current_node()
  on conflict (user_id) do update set total_bytes = excluded.total_bytes, free_bytes = excluded.free_bytes,
    own = excluded.own, seen_at = now();
end;

revoke all on function allot_id(regclass), allot_gid(), keep_posix_id(), check_person_gid(), instance_person(uuid), instance_data(uuid), node_homes(),
  note_home(uuid, bigint, bigint, boolean) from public;
grant execute on function instance_person(uuid), instance_data(uuid), node_homes(),
  note_home(uuid, bigint, bigint, boolean) to asci_node;
grant execute on function allot_id(regclass), allot_gid() to asci_gateway;
grant usage on sequence gids to asci_gateway;
grant select on posix_ids to asci_gateway;
grant select on homes to asci_gateway;
