-- Personal access tokens: sign-ins of a kind of their own, so that whatever ends a sign-in (revoked, expired, its
-- person disabled) ends a token at once as well, on the API, in event streams and in open desktops.

alter table sign_ins
  add column kind text not null default 'browser' check (kind in ('browser', 'token')),
  add column name text,
  -- What a token may be used for; a browser's sign-in has none, and may do whatever its person may.
  add column scopes text[] not null default '{}' check (
    scopes <@ array['read', 'desktops', 'sync', 'admin', 'monitor']
  ),
  add constraint token_is_named check ((kind = 'token') = (name is not null)),
  add constraint token_has_scopes check ((kind = 'token') = (cardinality(scopes) > 0));

-- What a person looks through, and what is not shown any more.
create index sign_ins_that_hold on sign_ins (user_id, kind, created_at desc) where revoked_at is null;

-- By which sign-in or token something was done: what a leaked one did is found by it.
alter table audit add column sign_in_id uuid;

-- A uid that the facility gave may lie where the next one is allotted.
create function allot_uid() returns integer
language plpgsql volatile set search_path = public, pg_temp as $$
declare
  allotted integer;
begin
  loop
    allotted := nextval('uids');
    exit when not exists (select from users where uid = allotted);
  end loop;
  return allotted;
end
$$;
revoke all on function allot_uid() from public;
grant execute on function allot_uid() to asci_gateway;
alter table users alter column uid set default allot_uid();

-- Which refusals of a person are in the trail already.
create index audit_of_actor on audit (actor_id, at desc);
