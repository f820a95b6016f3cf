import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";

/** @returns false where there is no such environment that this person may start */
export async function addFavourite(db: Queryable, userId: string, slug: string): Promise<boolean> {
  const [row] = await db.execute(sql`
    with e as (
      select id from environments where slug = ${slug} and enabled
        and id in (select environment_id from entitled(${userId}))
        and exists (select from versions v where v.environment_id = environments.id)
    ), added as (
      insert into favourites (user_id, environment_id) select ${userId}, id from e on conflict do nothing
    )
    select id from e`);
  return row !== undefined;
}

/** Also one that they may not start any more. */
export async function removeFavourite(db: Queryable, userId: string, slug: string): Promise<void> {
  await db.execute(sql`
    delete from favourites f using environments e
    where f.user_id = ${userId} and e.id = f.environment_id and e.slug = ${slug}`);
}
