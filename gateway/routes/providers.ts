import { Hono } from "hono";
import {
  deleteProvider,
  getAnyProvider,
  insertProvider,
  listAllProviders,
  setClaimRules,
  updateProvider,
} from "../../db/admin-providers.ts";
import { listProviders } from "../../db/providers.ts";
import { audited, orConflict, type Conflicts } from "../audited.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { notFound } from "../problem.ts";
import {
  adminProviderSchema,
  offeredProviderSchema,
  patchProviderBody,
  providerBody,
} from "../provider-schemas.ts";
import { listOf } from "../schemas.ts";
import { seal } from "../sealing.ts";
import { decodeCursor, jsonBody, page, pathId, queryOf, searchQuery } from "../validation.ts";

const conflicts: Conflicts = {
  providers_slug_key: ["slug_taken", "Another provider has this slug. Choose another one."],
};

/** A provider's secret as the database has it; what was said of it in the trail is only that it was. */
async function sealed(deps: Deps, id: string, secret: string | null | undefined) {
  return secret === undefined || secret === null
    ? secret
    : seal(deps.sealingKey, `provider ${id}`, secret);
}
const told = <T extends { clientSecret?: string | null | undefined }>({
  clientSecret,
  ...rest
}: T) => ({ ...rest, ...(clientSecret === undefined ? {} : { clientSecret: "changed" }) });

function offeredRoutes(deps: Deps) {
  return new Hono<AppEnv>().get(
    "/auth/providers",
    describe({
      tag: "Sign-in",
      summary: "The providers that the sign-in page offers",
      description: "Each is begun at `/auth/oidc/SLUG/start`.",
      status: 200,
      body: listOf(offeredProviderSchema),
      refusals: [],
    }),
    async (c) => c.json({ items: await listProviders(deps.db), nextCursor: null }, 200),
  );
}

function changingRoutes(deps: Deps, tag: string) {
  const subjectKind = "provider";
  return new Hono<AppEnv>()
    .post(
      "/admin/providers",
      describe({
        tag,
        summary: "Add a sign-in provider",
        description:
          "Register `/auth/oidc/SLUG/callback` of this site with it. The secret is kept sealed and never answered.",
        status: 201,
        body: adminProviderSchema,
        refusals: [400, 401, 403, 409, 413],
      }),
      jsonBody(providerBody),
      async (c) => {
        const { rules, ...body } = c.req.valid("json");
        const id = crypto.randomUUID();
        const { clientSecret, ...settings } = body;
        const sealedSecret = await sealed(deps, id, clientSecret);
        const act = { action: "provider.create", subjectKind, detail: { ...told(body), rules } };
        await orConflict(
          conflicts,
          audited(deps, c, act, async (tx) => {
            await insertProvider(tx, { id, ...settings });
            await updateProvider(tx, id, { ...settings, sealedSecret });
            await setClaimRules(tx, id, rules);
            return id;
          }),
        );
        const made = await getAnyProvider(deps.db, id);
        if (!made) throw notFound("provider");
        return c.json(made, 201);
      },
    )
    .patch(
      "/admin/providers/:id",
      describe({
        tag,
        summary: "Change a sign-in provider; `rules` are all that it has",
        status: 200,
        body: adminProviderSchema,
        refusals: [400, 401, 403, 404, 413],
      }),
      jsonBody(patchProviderBody),
      async (c) => {
        const id = pathId(c.req.param("id"), "provider");
        const body = c.req.valid("json");
        const { clientSecret, rules, ...settings } = body;
        const sealedSecret = await sealed(deps, id, clientSecret);
        const act = { action: "provider.change", subjectKind, detail: told(body) };
        await audited(deps, c, act, async (tx) => {
          if (!(await updateProvider(tx, id, { ...settings, sealedSecret }))) return undefined;
          if (rules) await setClaimRules(tx, id, rules);
          return id;
        });
        const found = await getAnyProvider(deps.db, id);
        if (!found) throw notFound("provider");
        return c.json(found, 200);
      },
    )
    .delete(
      "/admin/providers/:id",
      describe({
        tag,
        summary: "Remove a sign-in provider",
        description:
          "Its people stay, but cannot sign in with it any more; what its claims gave them goes.",
        status: 204,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "provider");
        const found = await getAnyProvider(deps.db, id);
        const detail = { slug: found?.slug, issuer: found?.issuer };
        const act = { action: "provider.delete", subjectKind, detail };
        const gone = await audited(deps, c, act, async (tx) =>
          (await deleteProvider(tx, id)) ? id : undefined,
        );
        if (gone === undefined) throw notFound("provider");
        return c.body(null, 204);
      },
    );
}

export function providerRoutes(deps: Deps) {
  const tag = "Administration: sign-in providers";
  return new Hono<AppEnv>()
    .route("/", offeredRoutes(deps))
    .route("/", changingRoutes(deps, tag))
    .get(
      "/admin/providers",
      describe({
        tag,
        summary: "Sign-in providers, by slug",
        status: 200,
        body: listOf(adminProviderSchema),
        refusals: [400, 401, 403],
      }),
      queryOf(searchQuery),
      async (c) => {
        const { limit, cursor, search, sort } = c.req.valid("query");
        const rows = await listAllProviders(deps.db, {
          search,
          limit: limit + 1,
          cursor: decodeCursor(cursor),
          descending: sort === "-name",
        });
        return c.json(
          page(rows, limit, (it) => it.slug),
          200,
        );
      },
    )
    .get(
      "/admin/providers/:id",
      describe({
        tag,
        summary: "One sign-in provider",
        status: 200,
        body: adminProviderSchema,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const found = await getAnyProvider(deps.db, pathId(c.req.param("id"), "provider"));
        if (!found) throw notFound("provider");
        return c.json(found, 200);
      },
    );
}
