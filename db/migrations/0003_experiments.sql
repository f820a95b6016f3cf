-- Beamlines, experiments and who took part in them; groups; and to whom each environment is open.

create table beamlines (
  id uuid primary key default gen_random_uuid(),
  -- Codes become folder names below /data.
  code text not null check (code ~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$'),
  name text not null,
  created_at timestamptz not null default now()
);
create unique index beamline_codes on beamlines (lower(code));

create table beamline_staff (
  beamline_id uuid not null references beamlines on delete cascade,
  user_id uuid not null references users on delete cascade,
  primary key (beamline_id, user_id)
);
create index beamlines_of_staff on beamline_staff (user_id);

create table experiments (
  id uuid primary key default gen_random_uuid(),
  code text not null check (code ~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$'),
  beamline_id uuid not null references beamlines,
  title text not null default '',
  -- To the millisecond, as the API tells them: a list goes on from after a start.
  starts_at timestamptz(3) not null,
  ends_at timestamptz(3) not null,
  -- Where its data lies on the site's storage; null: where the site's template says.
  data_path text check (data_path ~ '^/' and data_path !~ '(^|/)\.\.?(/|$)'),
  data_access text not null default 'write' check (data_access in ('none', 'read', 'write')),
  gid integer unique check (gid > 0),
  created_at timestamptz not null default now(),
  constraint experiment_begins_before_it_ends check (starts_at < ends_at)
);
create unique index experiment_codes on experiments (lower(code));
create index experiments_of_beamline on experiments (beamline_id, starts_at desc);
create index experiments_by_start on experiments (starts_at desc, id desc);

-- Membership ends by a date or by its row going.
create table members (
  experiment_id uuid not null references experiments on delete cascade,
  user_id uuid not null references users on delete cascade,
  until timestamptz,
  primary key (user_id, experiment_id)
);
create index members_of_experiment on members (experiment_id);

create table groups (
  id uuid primary key default gen_random_uuid(),
  name text not null check (name ~ '^[a-z][a-z0-9_-]{0,30}$') unique,
  description text not null default '',
  gid integer unique check (gid > 0),
  created_at timestamptz not null default now()
);

create table group_members (
  group_id uuid not null references groups on delete cascade,
  user_id uuid not null references users on delete cascade,
  primary key (user_id, group_id)
);
create index members_of_group on group_members (group_id);

-- To whom an environment is open: each row opens it to somebody, no row closes it.
create table entitlements (
  id uuid primary key default gen_random_uuid(),
  environment_id uuid not null references environments on delete cascade,
  kind text not null check (kind in ('everyone', 'beamline', 'experiment', 'group', 'person')),
  beamline_id uuid references beamlines on delete cascade,
  experiment_id uuid references experiments on delete cascade,
  group_id uuid references groups on delete cascade,
  user_id uuid references users on delete cascade,
  from_at timestamptz,
  until_at timestamptz,
  created_at timestamptz not null default now(),
  constraint entitlement_names_its_subject check (
    (kind = 'beamline') = (beamline_id is not null) and (kind = 'experiment') = (experiment_id is not null)
    and (kind = 'group') = (group_id is not null) and (kind = 'person') = (user_id is not null)
  ),
  constraint entitlement_begins_before_it_ends check (from_at is null or until_at is null or from_at < until_at)
);
-- The same once more would stay behind when one is taken back.
create unique index entitlements_once on entitlements
  (environment_id, kind, beamline_id, experiment_id, group_id, user_id, from_at, until_at) nulls not distinct;
create index entitlements_of_environment on entitlements (environment_id);
create index entitlements_of_everyone on entitlements (environment_id) where kind = 'everyone';
create index entitlements_of_beamline on entitlements (beamline_id) where beamline_id is not null;
create index entitlements_of_experiment on entitlements (experiment_id) where experiment_id is not null;
create index entitlements_of_group on entitlements (group_id) where group_id is not null;
create index entitlements_of_person on entitlements (user_id) where user_id is not null;

-- What there was until now was open to everyone.
insert into entitlements (environment_id, kind) select id, 'everyone' from environments;

alter table instances drop column experiment;
alter table instances add column experiment_id uuid references experiments;
create index instances_of_experiment on instances (experiment_id) where experiment_id is not null;

-- What a person may start now, and by what: with an experiment, or (null) without one. A list and a start ask the same
-- question here, so that they cannot answer it differently.
create function entitled(person uuid)
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
    from entitlements e where e.kind = 'everyone'
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
  )
  select environment_id, experiment_id, via, id from opened
  where (from_at is null or from_at <= now()) and (until_at is null or until_at > now());
end;

revoke all on function entitled(uuid) from public;
grant execute on function entitled(uuid) to asci_gateway;


grant select, insert, update, delete on beamlines, beamline_staff, experiments, members, groups, group_members,
  entitlements to asci_gateway;
grant update (name, description, enabled) on environments to asci_gateway;

-- Who touched a desktop, for its owner; and what was done to anything, for administrators.
create index audit_of_subject on audit (subject_kind, subject_id, id desc);
create index audit_of_action on audit (action, id desc);
