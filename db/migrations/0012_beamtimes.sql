-- For which experiments a beamtime's node is taken before anybody asks: those to which an environment is open.
-- Which people it is open to is not the placer's business.
grant select (environment_id, kind, beamline_id, experiment_id, from_at, until_at) on entitlements to asci_placer;
