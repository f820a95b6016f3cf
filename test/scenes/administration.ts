/** What the pages of the administration show: beamlines, experiments, groups, tokens. */
import { sql } from "drizzle-orm";
import type { Stage } from "../stage.ts";

const longTitle =
  "In-situ Röntgenmikrotomographie of metal foams under load, with phase retrieval after Paganin, third of five parts";
const longWord = "Kleinwinkelstreuungsdatenreduktionsarbeitsgruppe";

/** Idempotent, and beside the people who are there already. */
export async function setAdministration(stage: Stage): Promise<void> {
  const { db } = stage;
  await db.execute(sql`insert into beamlines (code, name) values ('IMBL', 'Imaging'),
    ('MX1', 'Macromolecular crystallography'), ('XFM', 'X-ray fluorescence microscopy'),
    ('HARD-XRAY-NANOPROBE-OF-THE-EAST', ${`${longTitle}, which is a name that somebody chose`})
    on conflict do nothing`);
  await db.execute(sql`insert into beamline_staff (beamline_id, user_id)
    select b.id, u.id from beamlines b, users u
    where (b.code = 'IMBL' and u.username in ('keeper', 'account', 'person-5', 'person-10', 'person-15'))
      or (b.code = 'MX1' and u.username = 'person-20') on conflict do nothing`);
  await db.execute(sql`insert into experiments (code, beamline_id, title, starts_at, ends_at)
    select (20000 + n)::text, b.id, case when n = 3 then ${longTitle} when n % 7 = 0 then ''
        else 'Sample series ' || n end,
      now() + (10 - n) * interval '9 hours', now() + (20 - n) * interval '9 hours'
    from generate_series(1, 150) n join beamlines b
      on b.code = (array['IMBL', 'MX1', 'XFM'])[1 + n % 3] on conflict do nothing`);
  await db.execute(sql`insert into members (experiment_id, user_id)
    select x.id, u.id from experiments x, users u
    where x.code = '20003' and (u.username like 'person-%' or u.username = 'long')
    on conflict do nothing`);
  await db.execute(sql`insert into groups (name, description, gid)
    select case when n = 2 then lower(left(${longWord}, 31)) else 'group-' || n end,
      case when n = 2 then ${longTitle} else 'Who works on project ' || n end,
      case when n % 2 = 0 then 40000 + n end
    from generate_series(1, 12) n on conflict do nothing`);
  await db.execute(sql`insert into group_members (group_id, user_id)
    select g.id, u.id from groups g, users u
    where g.name = 'group-1' and u.username like 'person-1%' on conflict do nothing`);
  await db.execute(sql`insert into sign_ins (user_id, kind, name, scopes, token_hash, created_at, last_seen_at, expires_at)
    select u.id, 'token', case when u.username = 'person-3' then ${longTitle} else 'Nightly run of ' || u.username end,
      '{read,desktops}', decode(md5(random()::text), 'hex'), now() - interval '12 days',
      now() - interval '3 minutes', now() + interval '40 days'
    from users u where u.username like 'person-%'`);
}

export const providersOf = (stage: Stage) =>
  stage.db.execute(sql`
    with p as (insert into providers (slug, name, issuer, client_id) values
      ('facility', 'the facility''s account', 'https://id.facility.example/realms/experiments', 'asci'),
      ('eduid', 'edu-ID', 'https://id.edu.example', 'asci') returning id, slug)
    insert into claim_rules (provider_id, claim, pattern, gives, target)
    select p.id, r.claim, r.pattern, r.gives, r.target from p, (values
      ('groups', 'beamline-*', 'beamline_staff', '*'), ('groups', 'beamline-*', 'role', 'staff'),
      ('epns', '*', 'experiment', '*')) as r (claim, pattern, gives, target)
    where p.slug = 'facility'`);

export const noProviders = (stage: Stage) => stage.db.execute(sql`delete from providers`);
