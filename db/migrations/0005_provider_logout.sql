-- Signing out at providers, and being signed out by them.

-- Whether signing out here leads to the provider's sign-out as well, where it has one.
alter table providers add column logout boolean not null default true;

-- Through which provider somebody came, as whom, and in which session there. The ID token is shown to the provider
-- again at the sign-out; it is sealed with the gateways' secret, and null where it is too long for an address.
alter table sign_ins add column provider_id uuid references providers on delete set null;
alter table sign_ins add column provider_subject text;
alter table sign_ins add column provider_sid text;
alter table sign_ins add column sealed_id_token bytea;
create index sign_ins_of_subject on sign_ins (provider_id, provider_subject) where provider_id is not null;
create index sign_ins_of_session on sign_ins (provider_id, provider_sid) where provider_sid is not null;
create index sign_ins_with_id_token on sign_ins (expires_at) where sealed_id_token is not null;

-- Whoever is signed out has none any more, however that came.
create function forget_id_token() returns trigger language plpgsql as $$
begin
  new.sealed_id_token := null;
  return new;
end
$$;
create trigger id_token_forgotten before update of revoked_at on sign_ins
  for each row when (new.revoked_at is not null)
  execute function forget_id_token();

create function forget_old_id_tokens() returns void
language sql volatile security definer set search_path = public, pg_temp
begin atomic
  update sign_ins set sealed_id_token = null where sealed_id_token is not null and expires_at <= now();
end;
revoke all on function forget_old_id_tokens() from public;
grant execute on function forget_old_id_tokens() to asci_placer;

-- Logout tokens that have been followed, so that none is followed twice.
create table logout_tokens (
  provider_id uuid not null references providers on delete cascade,
  jti_hash bytea not null,
  expires_at timestamptz not null,
  primary key (provider_id, jti_hash)
);
create index logout_tokens_by_end on logout_tokens (expires_at);
grant select, insert on logout_tokens to asci_gateway;
grant select, delete on logout_tokens to asci_placer;
