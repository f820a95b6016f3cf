-- A node that takes nothing else until a request that has waited long has room there, or the time is over. What is over
-- is kept for a while: the request has its next try only after a pause.
create table gatherings (
  instance_id uuid primary key references instances on delete cascade,
  node_id uuid not null references nodes on delete cascade,
  from_at timestamptz not null default now(),
  until_at timestamptz not null
);
create index gatherings_by_end on gatherings (until_at);

grant select on gatherings to asci_gateway;
grant select, insert, update, delete on gatherings to asci_placer;
