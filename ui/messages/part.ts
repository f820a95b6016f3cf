/** Texts that come with the pages which show them: whoever starts a desktop need not wait for those of others. */
import { createEffect, createRoot, createSignal, on } from "solid-js";
import type { en, Message, MessageKey, Plural } from "./en.ts";
import { fill } from "./fill.ts";
import { language, locale, textOf, type Language, type Parameters } from "./messages.ts";

/** As `Catalogue`, of a part. */
export type CatalogueOf<P> = {
  readonly [K in keyof P]: P[K] extends string ? string : Plural;
};

type Texts<P> = Omit<typeof en, keyof P> & P;
type ParametersOf<P, K extends keyof Texts<P>> = Parameters<Texts<P>[K]>;

/**
 * To be awaited by the module that gives its texts out: then they are there before a page is shown.
 *
 * @returns the text of a message of the app's or of this part's own; reactive
 */
export async function loadPart<const P extends Readonly<Record<string, Message>>>(
  own: P,
  translated: Readonly<Record<Exclude<Language, "en">, () => Promise<CatalogueOf<P>>>>,
) {
  const [catalogue, setCatalogue] = createSignal<CatalogueOf<P>>(own as CatalogueOf<P>);
  const load = async (next: Language): Promise<void> => {
    const messages = next === "en" ? (own as CatalogueOf<P>) : await translated[next]();
    setCatalogue(() => messages);
  };
  await load(language());
  createRoot(() => createEffect(on(language, (next) => void load(next), { defer: true })));

  return function t<K extends (keyof P & string) | MessageKey>(
    key: K,
    ...parameters: [ParametersOf<P, K>] extends [never]
      ? []
      : [Record<ParametersOf<P, K>, string | number>]
  ): string {
    const message: Message = Object.hasOwn(own, key)
      ? catalogue()[key as keyof P]
      : textOf(key as MessageKey);
    return fill(message, parameters[0], locale());
  };
}
