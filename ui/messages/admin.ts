/**
 * The texts of the administration. They come with its pages, as most people never open them; whoever
 * starts a desktop need not wait for them.
 */
import { createEffect, createRoot, createSignal, on } from "solid-js";
import { adminEn, type AdminCatalogue, type AdminKey } from "./admin-en.ts";
import type { en, MessageKey, Message } from "./en.ts";
import { fill } from "./fill.ts";
import { language, locale, textOf, type Language, type Parameters } from "./messages.ts";

const [catalogue, setCatalogue] = createSignal<AdminCatalogue>(adminEn);

async function load(next: Language): Promise<void> {
  const messages = next === "de" ? (await import("./admin-de.ts")).adminDe : adminEn;
  setCatalogue(() => messages);
}

// The pages that import this are shown once their texts are there.
await load(language());
createRoot(() => createEffect(on(language, (next) => void load(next), { defer: true })));

type Texts = typeof en & typeof adminEn;
type ParametersOf<K extends keyof Texts> = Parameters<Texts[K]>;

const isAdminKey = (key: string): key is AdminKey => Object.hasOwn(adminEn, key);

/** The text of a message of the app's or of the administration's own; reactive. */
export function t<K extends MessageKey | AdminKey>(
  key: K,
  ...parameters: [ParametersOf<K>] extends [never] ? [] : [Record<ParametersOf<K>, string | number>]
): string {
  const message: Message = isAdminKey(key) ? catalogue()[key] : textOf(key as MessageKey);
  return fill(message, parameters[0], locale());
}
