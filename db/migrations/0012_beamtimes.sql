-- For which experiments a beamtime's node is taken before anybody asks: those to which an environment is open.
-- Which people it is open to is not the placer's business.
grant select (environment_id, kind, beamline_id, experiment_id, from_at, until_at) on entitlements to asci_placer;

-- Since when a node says that it cannot take work; null: it can, or never could. An experiment whose own node is away for a
-- moment waits for it.
alter table nodes add column unready_at timestamptz;
create function note_unready() returns trigger language plpgsql as $$
begin
  new.unready_at := case when not new.ready then now() end;
  return new;
end
$$;
revoke all on function note_unready() from public;
create trigger node_unready before update of ready on nodes
  for each row when (old.ready is distinct from new.ready) execute function note_unready();
