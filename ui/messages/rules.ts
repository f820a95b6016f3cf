/**
 * The texts of the rules' and the reservations' pages, which come with them; as in
 * `ui/messages/admin.ts`, whose texts can be used beside them.
 */
import { createEffect, createRoot, createSignal, on } from "solid-js";
import type { AdminKey, adminEn } from "./admin-en.ts";
import { t as adminText } from "./admin.ts";
import type { en, Message, MessageKey } from "./en.ts";
import { fill } from "./fill.ts";
import { language, locale, type Language, type Parameters } from "./messages.ts";
import { rulesEn, type RulesCatalogue, type RulesKey } from "./rules-en.ts";

const [catalogue, setCatalogue] = createSignal<RulesCatalogue>(rulesEn);

async function load(next: Language): Promise<void> {
  const messages = next === "de" ? (await import("./rules-de.ts")).rulesDe : rulesEn;
  setCatalogue(() => messages);
}

// The pages that import this are shown once their texts are there.
await load(language());
createRoot(() => createEffect(on(language, (next) => void load(next), { defer: true })));

type Texts = typeof en & typeof adminEn & typeof rulesEn;
type ParametersOf<K extends keyof Texts> = Parameters<Texts[K]>;

const isRulesKey = (key: string): key is RulesKey => Object.hasOwn(rulesEn, key);

/** The text of a message of these pages, of the administration's or of the app's; reactive. */
export function t<K extends MessageKey | AdminKey | RulesKey>(
  key: K,
  ...parameters: [ParametersOf<K>] extends [never] ? [] : [Record<ParametersOf<K>, string | number>]
): string {
  if (!isRulesKey(key)) {
    // Its own types were asked of whoever calls this.
    const text = adminText as (key: string, parameters: unknown) => string;
    return text(key, parameters[0]);
  }
  const message: Message = catalogue()[key as RulesKey];
  return fill(message, parameters[0], locale());
}
