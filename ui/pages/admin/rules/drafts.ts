import { createEffect } from "solid-js";
import { createStore, reconcile, unwrap } from "solid-js/store";
import { isChanged, storedDrafts, storedText, type Draft } from "./draft.ts";

/** The key of the one that is no rule yet. */
export const newKey = "new";

export interface Drafts {
  readonly of: (key: string) => Draft | undefined;
  readonly keys: () => readonly string[];
  readonly put: (key: string, draft: Draft) => void;
  readonly drop: (key: string) => void;
}

/**
 * What is being changed and is not saved yet, by the rule's id. Kept in this tab through a reload: a
 * rule is thought about for longer than a page lives.
 */
export function createDrafts(userId: string): Drafts {
  const place = `asci.rule-drafts.${userId}`;
  const [drafts, setDrafts] = createStore<Record<string, Draft>>(storedDrafts(read(place)));
  createEffect(() => write(place, storedText(drafts)));
  const drop = (key: string): void => setDrafts(key, undefined as unknown as Draft);
  return {
    of: (key) => drafts[key],
    keys: () => Object.keys(drafts),
    put(key, draft) {
      // Back to how it was: nothing is lost without it. A new one stays until it is discarded.
      if (draft.base !== null && !isChanged(draft)) return drop(key);
      setDrafts(reconcile({ ...unwrap(drafts), [key]: structuredClone(unwrap(draft)) }));
    },
    drop,
  };
}

function read(place: string): string | null {
  try {
    return sessionStorage.getItem(place);
  } catch {
    return null;
  }
}

function write(place: string, text: string): void {
  try {
    sessionStorage.setItem(place, text);
  } catch {
    // Storage is closed to us or full: then drafts live as long as the page.
  }
}
