/** The texts of the pages about nodes, use and instances; they come with these pages. */
import { createEffect, createRoot, createSignal, on } from "solid-js";
import type { AdminKey, adminEn } from "./admin-en.ts";
import { t as adminText } from "./admin.ts";
import type { en, Message, MessageKey } from "./en.ts";
import { fill } from "./fill.ts";
import { language, locale, type Language, type Parameters } from "./messages.ts";
import { schedulerEn, type SchedulerCatalogue, type SchedulerKey } from "./scheduler-en.ts";

const [catalogue, setCatalogue] = createSignal<SchedulerCatalogue>(schedulerEn);

async function load(next: Language): Promise<void> {
  const messages = next === "de" ? (await import("./scheduler-de.ts")).schedulerDe : schedulerEn;
  setCatalogue(() => messages);
}

// The pages that import this are shown once their texts are there.
await load(language());
createRoot(() => createEffect(on(language, (next) => void load(next), { defer: true })));

type Texts = typeof en & typeof adminEn & typeof schedulerEn;
type ParametersOf<K extends keyof Texts> = Parameters<Texts[K]>;

const isOwnKey = (key: string): key is SchedulerKey => Object.hasOwn(schedulerEn, key);

/** The text of a message of these pages, of the administration or of the app; reactive. */
export function t<K extends MessageKey | AdminKey | SchedulerKey>(
  key: K,
  ...parameters: [ParametersOf<K>] extends [never] ? [] : [Record<ParametersOf<K>, string | number>]
): string {
  if (!isOwnKey(key))
    return (adminText as (key: string, parameters?: object) => string)(key, parameters[0]);
  const message: Message = catalogue()[key];
  return fill(message, parameters[0], locale());
}
