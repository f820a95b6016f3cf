/** Texts that come with the pages which show them: whoever starts a desktop need not wait for those of others. */
import { createEffect, createRoot, createSignal, on } from "solid-js";
import { loadSteadily } from "../kit/load-steadily.ts";
import type { en, Message, MessageKey, Plural } from "./en.ts";
import { fill } from "./fill.ts";
import { language, locale, textOf, type Language, type Parameters } from "./messages.ts";

/** As `Catalogue`, of a part. */
export type CatalogueOf<P> = {
  readonly [K in keyof P]: P[K] extends string ? string : Plural;
};

type Texts<P, B> = Omit<B, keyof P> & P;
type ParametersOf<P, B, K extends keyof Texts<P, B>> = Parameters<Texts<P, B>[K]>;
type Messages = Readonly<Record<string, Message>>;

/** What a part stands on: the app's texts, or those of another part with the app's below. */
export interface Base<B extends Messages> {
  readonly say: (key: string, parameters: object | undefined) => string;
  /** Only for its type. */
  readonly texts?: B;
}

const app: Base<typeof en> = {
  say: (key, parameters) => fill(textOf(key as MessageKey), parameters as never, locale()),
};

/**
 * To be awaited by the module that gives its texts out: then they are there before a page is shown.
 *
 * @returns the text of a message of this part's own or of its base's; reactive
 */
export async function loadPart<const P extends Messages, B extends Messages = typeof en>(
  own: P,
  translated: Readonly<Record<Exclude<Language, "en">, () => Promise<CatalogueOf<P>>>>,
  base: Base<B> = app as Base<Messages> as Base<B>,
) {
  const [catalogue, setCatalogue] = createSignal<CatalogueOf<P>>(own as CatalogueOf<P>);
  const load = async (next: Language): Promise<void> => {
    const messages = next === "en" ? (own as CatalogueOf<P>) : await loadSteadily(translated[next]);
    setCatalogue(() => messages);
  };
  await load(language());
  createRoot(() => createEffect(on(language, (next) => void load(next), { defer: true })));

  return function t<K extends keyof Texts<P, B> & string>(
    key: K,
    ...parameters: [ParametersOf<P, B, K>] extends [never]
      ? []
      : [Record<ParametersOf<P, B, K>, string | number>]
  ): string {
    if (!Object.hasOwn(own, key)) return base.say(key, parameters[0]);
    const message: Message = catalogue()[key as keyof P];
    return fill(message, parameters[0], locale());
  };
}
