import { Hono } from "hono";
import { getHomeRoom } from "../../db/homes.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { signedIn } from "../middleware/signed-in.ts";
import { homeSchema } from "../schemas.ts";

export function homeRoutes(deps: Deps) {
  return new Hono<AppEnv>().get(
    "/home",
    describe({
      tag: "Experiments",
      summary: "The caller's home folder, and the room in it",
      description:
        "As a node last saw it: at each start and every 5 minutes while a desktop of theirs runs. `room` is null until one has run.",
      status: 200,
      body: homeSchema,
      refusals: [401, 403],
    }),
    async (c) => {
      const { person } = signedIn(c);
      const room = await getHomeRoom(deps.db, person.id);
      return c.json({ path: `/home/${person.username}`, room: room ?? null }, 200);
    },
  );
}
