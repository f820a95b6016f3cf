import type { Catalogue } from "../../gateway/catalogue-schemas.ts";
import { addFavourite, removeFavourite } from "./calls.ts";
import { keys, queryClient } from "./query-client.ts";

/** One wish after the other: of two quick clicks the later one must be the last to arrive. */
let before: Promise<unknown> = Promise.resolve();

/**
 * Makes an environment a favourite, or takes that back. Shown at once; taken back where the server says no.
 *
 * @throws {ApiError}
 */
export function setFavourite(slug: string, favourite: boolean): Promise<void> {
  // An answer that is under way knows nothing of it.
  void queryClient.cancelQueries({ queryKey: keys.catalogue });
  show(slug, favourite);
  const send = async (): Promise<void> => {
    try {
      await (favourite ? addFavourite(slug) : removeFavourite(slug));
    } catch (error) {
      show(slug, !favourite);
      throw error;
    }
  };
  const sent = before.then(send);
  before = sent.catch(() => {});
  return sent;
}

function show(slug: string, favourite: boolean): void {
  queryClient.setQueryData<Catalogue>(keys.catalogue, (it) =>
    it === undefined
      ? undefined
      : {
          ...it,
          environments: it.environments.map((one) =>
            one.slug === slug ? { ...one, favourite } : one,
          ),
        },
  );
}
