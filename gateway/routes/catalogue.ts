import { Hono } from "hono";
import { readCatalogue } from "../../db/catalogue.ts";
import { addFavourite, removeFavourite } from "../../db/favourites.ts";
import { catalogueSchema } from "../catalogue-schemas.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { signedIn } from "../middleware/signed-in.ts";
import { notFound } from "../problem.ts";

/** Slugs are shorter, and no text of the database holds a NUL: such a name names nothing. */
const slugShape = /^[^\p{Cc}\p{Cs}]{1,100}$/u;

export function catalogueRoutes(deps: Deps) {
  const tag = "Catalogue";
  return new Hono<AppEnv>()
    .get(
      "/catalogue",
      describe({
        tag,
        summary: "All that the catalogue's page shows, in one answer",
        description:
          "What the caller may start with their favourites, their experiments, and the latest of their starts that they may repeat.",
        status: 200,
        body: catalogueSchema,
        refusals: [401, 403],
      }),
      async (c) => c.json(await readCatalogue(deps.db, signedIn(c).person.id), 200),
    )
    .put(
      "/favourites/:environment",
      describe({
        tag,
        summary: "Make an environment a favourite of the caller",
        description: "By its slug. What is one already stays one.",
        status: 204,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const slug = c.req.param("environment");
        const added =
          slugShape.test(slug) && (await addFavourite(deps.db, signedIn(c).person.id, slug));
        if (!added) throw notFound("environment");
        return c.body(null, 204);
      },
    )
    .delete(
      "/favourites/:environment",
      describe({
        tag,
        summary: "It is no favourite of the caller any more",
        status: 204,
        refusals: [401, 403],
      }),
      async (c) => {
        const slug = c.req.param("environment");
        if (slugShape.test(slug)) await removeFavourite(deps.db, signedIn(c).person.id, slug);
        return c.body(null, 204);
      },
    );
}
