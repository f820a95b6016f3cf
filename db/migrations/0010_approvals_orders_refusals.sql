-- What a station has asked somebody to agree to on their phone: one desktop of their own, which a code stands for until
-- it is answered, withdrawn or over.
create table approvals (
  id uuid primary key default gen_random_uuid(),
  station_id uuid not null references stations,
  -- The browser that asked: with its sign-in the code ends.
  sign_in_id uuid not null references sign_ins on delete cascade,
  -- A keyed hash of it.
  code_hash bytea not null unique,
  environment_id uuid not null references environments on delete cascade,
  version_id uuid not null references versions on delete cascade,
  experiment_id uuid not null references experiments on delete cascade,
  name text,
  geometry text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  withdrawn_at timestamptz,
  answered_at timestamptz,
  answered_by uuid references users on delete cascade,
  -- What was started; null where it was declined.
  instance_id uuid unique references instances on delete cascade,
  constraint answered_by_somebody check ((answered_at is null) = (answered_by is null)),
  constraint started_by_an_answer check (instance_id is null or answered_at is not null)
);
create unique index open_approvals on approvals (station_id) where answered_at is null and withdrawn_at is null;
create index approvals_by_end on approvals (expires_at);

grant select, insert, update on approvals to asci_gateway;
grant select (expires_at), delete on approvals to asci_placer;

-- Lists of everybody's, by what they can be sorted by.
create index people_by_creation on users (created_at, id) where kind = 'person';
create index people_by_last_sign_in on users (last_sign_in_at, id) where kind = 'person';
create index tokens_by_end on sign_ins (expires_at, id) where kind = 'token' and revoked_at is null;
-- A token that was never used was last seen when it was made. The price: whoever is seen again, once a minute at most,
-- is written into each index of sign-ins.
create index tokens_by_use on sign_ins (nullif(last_seen_at, created_at), id)
  where kind = 'token' and revoked_at is null;

-- Attempts that nobody who is known makes, refused as there were too many: one row of the trail counts those of a bucket in
-- its window, or anyone could fill it. Nothing else of a row is ever changed, and this by no other way than this one.
alter table sign_in_failures add column audit_id bigint;

create function audit_limited(buckets text[], entry jsonb) returns void
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  held record;
  kept bigint;
begin
  -- The widest one that has to wait: names and pairs of them an attacker makes up.
  select f.bucket, f.audit_id, f.window_started_at into held from sign_in_failures f
  where f.bucket = any (buckets) and f.blocked_until > now()
  order by f.bucket collate "C" limit 1 for update;
  update audit a set detail = a.detail || jsonb_build_object(
    'repeated', coalesce((a.detail ->> 'repeated')::integer, 0) + 1, 'lastAt', iso(now()))
  where a.id = held.audit_id and a.at >= held.window_started_at returning a.id into kept;
  if kept is not null then
    return;
  end if;
  insert into audit (actor_name, action, outcome, subject_kind, subject_id, address, request_id, detail)
  values (entry ->> 'actorName', entry ->> 'action', 'refused', entry ->> 'subjectKind', entry ->> 'subjectId',
    entry ->> 'address', entry ->> 'requestId', entry -> 'detail')
  returning id into kept;
  update sign_in_failures set audit_id = kept where bucket = held.bucket;
end
$$;
revoke all on function audit_limited(text[], jsonb) from public;
grant execute on function audit_limited(text[], jsonb) to asci_gateway;
