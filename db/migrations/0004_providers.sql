-- Sign-in providers (OpenID Connect), whom they vouched for, and what their claims give.

create table providers (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,30}$'),
  name text not null,
  issuer text not null,
  client_id text not null,
  -- Sealed with the gateways' secret; null: a public client.
  sealed_secret bytea,
  scope text not null default 'openid profile email',
  username_claim text not null default 'preferred_username',
  -- Its user names are the site's own: who comes with one owns the account that the user office made under it.
  vouches boolean not null default false,
  enabled boolean not null default true,
  created_at timestamptz not null default now()
);

-- A person at a provider, by the subject that never changes; names and addresses there may.
create table identities (
  provider_id uuid not null references providers on delete cascade,
  subject text not null,
  user_id uuid not null references users on delete cascade,
  username text,
  created_at timestamptz not null default now(),
  last_sign_in_at timestamptz not null default now(),
  primary key (provider_id, subject)
);
create index identities_of_user on identities (user_id);

-- A sign-in that is under way at a provider. Taken once, by the browser that began it.
create table oidc_attempts (
  state_hash bytea primary key,
  browser_hash bytea not null,
  provider_id uuid not null references providers on delete cascade,
  nonce text not null,
  verifier text not null,
  next text not null,
  expires_at timestamptz not null
);
create index oidc_attempts_by_end on oidc_attempts (expires_at);

-- What a claim gives, at each sign-in. `*` in a pattern stands for anything; in the target it is what it stood for.
create table claim_rules (
  id uuid primary key default gen_random_uuid(),
  provider_id uuid not null references providers on delete cascade,
  claim text not null,
  pattern text not null,
  gives text not null check (gives in ('role', 'group', 'beamline_staff', 'experiment')),
  target text not null,
  created_at timestamptz not null default now(),
  unique (provider_id, claim, pattern, gives, target)
);

-- Where a membership comes from: set here, or by a provider's claims, which then also take it away.
alter table members add column provider_id uuid references providers on delete cascade;
alter table group_members add column provider_id uuid references providers on delete cascade;
alter table beamline_staff add column provider_id uuid references providers on delete cascade;

grant select, insert, update, delete on providers, identities, oidc_attempts, claim_rules to asci_gateway;
grant select, delete on oidc_attempts to asci_placer;
