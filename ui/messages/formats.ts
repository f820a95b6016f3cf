/** A traveller's clock is right again by the next hour. */
const keptMs = 3_600_000;

/** A format is made once in a while: making one takes many times as long as writing with it. */
function kept<O extends object, F>(make: (locale: string, options: O) => F) {
  const made = new Map<string, F>();
  let since = 0;
  return (locale: string, options: O = {} as O): F => {
    const now = Math.floor(Date.now() / keptMs);
    if (now !== since) made.clear();
    since = now;
    const key = `${locale} ${JSON.stringify(options)}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const format = make(locale, options);
    made.set(key, format);
    return format;
  };
}

export const numberFormat = kept(
  (locale, options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options),
);
/** In the machine's time zone, where the options name none. */
export const dateFormat = kept(
  (locale, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options),
);
export const relativeFormat = kept(
  (locale, options: Intl.RelativeTimeFormatOptions) => new Intl.RelativeTimeFormat(locale, options),
);
export const pluralRules = kept(
  (locale, options: Intl.PluralRulesOptions) => new Intl.PluralRules(locale, options),
);
