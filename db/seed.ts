import postgres from "postgres";

/**
 * Creates the first administrator where no account exists yet.
 *
 * @returns whether an account was created
 */
export async function ensureAdmin(
  ownerUrl: string,
  admin: { readonly username: string; readonly passwordHash: string },
): Promise<boolean> {
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => {} });
  try {
    const rows = await sql`
      insert into users (username, display_name, password_hash, roles)
      select ${admin.username}, 'Administrator', ${admin.passwordHash}, '{admin,user}'
      where not exists (select from users)
      returning id`;
    return rows.length > 0;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Whether nobody can sign in yet, so that the first start needs a password. */
export async function needsAdmin(ownerUrl: string): Promise<boolean> {
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => {} });
  try {
    return (await sql`select from users limit 1`).length === 0;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/**
 * Puts the demonstration desktop into the catalogue, and a new version of it where the image changed.
 * Versions are immutable and named by their month; a second one of a month gets a suffix.
 */
export async function ensureDemo(
  ownerUrl: string,
  version: { readonly image: string; readonly digest: string },
): Promise<void> {
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => {} });
  try {
    // Open to everyone when it comes; whoever changes that later is not overruled by the next start.
    await sql`
      with made as (
        insert into environments (slug, name, kind, description, cpus, memory_bytes, memory_limit_bytes)
        values ('mate', 'MATE desktop', 'desktop',
          'A Linux desktop with terminal, files, editor and browser.', 0.05, 536870912, 4294967296)
        on conflict (slug) do nothing returning id
      )
      insert into entitlements (environment_id, kind) select id, 'everyone' from made`;
    await sql`
      with mate as (select id, to_char(now(), 'YYYY.MM') as month from environments where slug = 'mate'),
        same as (select count(*) as n from versions v, mate
          where v.environment_id = mate.id and v.tag like mate.month || '%')
      insert into versions (environment_id, tag, image, digest)
      select mate.id, case same.n when 0 then mate.month else mate.month || '.' || same.n + 1 end,
        ${version.image}, ${version.digest}
      from mate, same
      where not exists (select from versions v where v.environment_id = mate.id and v.digest = ${version.digest})`;
  } finally {
    await sql.end({ timeout: 5 });
  }
}
