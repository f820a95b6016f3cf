import { createSignal } from "solid-js";
import type { ImportAnswer } from "../../../gateway/import-schemas.ts";
import { sendImport, type ImportWish } from "../../api/import-calls.ts";
import { ApiError } from "../../api/errors.ts";
import { announce } from "../../kit/announcer.tsx";
import { countWords, linesOf, textOf } from "./import-words.ts";

export interface Checked {
  readonly wish: ImportWish;
  readonly answer: ImportAnswer;
  readonly lines: readonly string[];
}

const hasFaults = (error: unknown): boolean =>
  error instanceof ApiError && error.problem?.code === "import_faults";

/** What was asked last, and what came of it; forgotten as soon as something else is chosen. */
export function createImport() {
  const [checked, setChecked] = createSignal<Checked | null>(null);
  const [error, setError] = createSignal<unknown>(null);
  const [busy, setBusy] = createSignal<"check" | "apply" | null>(null);
  let asked = 0;
  const forget = (): void => {
    asked += 1;
    setChecked(null);
    setError(null);
    setBusy(null);
  };
  const send = async (wish: ImportWish, dryRun: boolean): Promise<boolean> => {
    const mine = (asked += 1);
    setError(null);
    setBusy(dryRun ? "check" : "apply");
    try {
      const lines = linesOf(await textOf(wish.file, wish.charset));
      const answer = await sendImport(wish, dryRun);
      if (mine !== asked) return false;
      setChecked({ wish, answer, lines });
      announce(countWords(answer.counts));
      return true;
    } catch (reason) {
      // What was right when it was looked at is so no longer: the faults are shown in their places.
      if (mine === asked && !dryRun && hasFaults(reason)) void send(wish, true);
      else if (mine === asked) setError(() => reason);
      return false;
    } finally {
      if (mine === asked) setBusy(null);
    }
  };
  return { checked, error, busy, forget, send };
}
