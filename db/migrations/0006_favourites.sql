-- The environments that a person wants to find first.
create table favourites (
  user_id uuid not null references users on delete cascade,
  environment_id uuid not null references environments on delete cascade,
  created_at timestamptz not null default now(),
  primary key (user_id, environment_id)
);
create index favourites_of_environment on favourites (environment_id);

grant select, insert, delete on favourites to asci_gateway;
