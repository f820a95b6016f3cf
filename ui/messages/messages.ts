import { createSignal } from "solid-js";
import { readSetting, writeSetting } from "../components/settings.ts";
import { loadSteadily } from "../kit/load-steadily.ts";
import { en, type Catalogue, type Message, type MessageKey, type Plural } from "./en.ts";
import { fill } from "./fill.ts";

export const languages = ["en", "de"] as const;
export type Language = (typeof languages)[number];

/** A language is named in itself, so that someone who is lost in another one finds it. */
export const languageNames: Record<Language, string> = { en: "English", de: "Deutsch" };

type Names<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
export type Parameters<M> = M extends Plural
  ? Names<M["one"]> | Names<M["other"]> | "count"
  : Names<M>;
type ParametersOf<K extends MessageKey> = Parameters<(typeof en)[K]>;

const [language, setLanguage] = createSignal<Language>("en");
const [catalogue, setCatalogue] = createSignal<Catalogue>(en);
const [choice, setChoice] = createSignal<Language | "system">("system");

export { choice as languageChoice, language };

function isLanguage(value: string | null | undefined): value is Language {
  return (languages as readonly (string | null | undefined)[]).includes(value);
}

/** The first of the browser's languages that ASCI speaks, else English. */
export function pickLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split("-")[0];
    if (isLanguage(base)) return base;
  }
  return "en";
}

/**
 * The locale for dates and numbers: the reader's own region where it speaks the chosen language
 * (an Australian's 22 Nov is not an American's Nov 22).
 */
export function pickLocale(language: Language, wanted: readonly string[]): string {
  return (
    wanted.find((tag) => pickLanguage([tag]) === language && isLanguage(tag.split("-")[0])) ??
    language
  );
}

const nowhere: readonly string[] = [];
/** Every text asks for it, and it changes next to never. */
let picked: { for: readonly string[]; language: Language; locale: string } | undefined;

/** BCP 47 locale for `Intl`; follows the chosen language. */
export function locale(): string {
  const wanted = typeof navigator === "undefined" ? nowhere : navigator.languages;
  const chosen = language();
  // A browser hands out one list until its settings change.
  if (picked?.for !== wanted || picked.language !== chosen)
    picked = { for: wanted, language: chosen, locale: pickLocale(chosen, wanted) };
  return picked.locale;
}

async function load(next: Language): Promise<Catalogue> {
  switch (next) {
    case "en":
      return en;
    case "de":
      return (await loadSteadily(() => import("./de.ts"))).de;
  }
}

async function apply(next: Language): Promise<void> {
  const messages = await load(next);
  setCatalogue(() => messages);
  setLanguage(next);
  document.documentElement.lang = next;
}

/** Fixes the language, or follows the browser again; remembered in this browser. */
export async function chooseLanguage(next: Language | "system"): Promise<void> {
  setChoice(next);
  writeSetting("language", next === "system" ? null : next);
  await apply(next === "system" ? pickLanguage(navigator.languages) : next);
}

/** Loads the reader's language before anything is shown. */
export async function startMessages(): Promise<void> {
  const stored = readSetting("language");
  if (isLanguage(stored)) setChoice(stored);
  await apply(isLanguage(stored) ? stored : pickLanguage(navigator.languages));
}

export function textOf(key: MessageKey): Message {
  return catalogue()[key];
}

/** The text of a message in the reader's language; reactive. Numbers are written as the locale does. */
export function t<K extends MessageKey>(
  key: K,
  ...parameters: [ParametersOf<K>] extends [never] ? [] : [Record<ParametersOf<K>, string | number>]
): string {
  return fill(textOf(key), parameters[0], locale());
}
