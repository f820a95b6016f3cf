import { t } from "../../messages/messages.ts";
import { browserName } from "./browser-name.ts";

/** A browser and its system in the reader's language; reactive. */
export function browserText(userAgent: string | null): string {
  const { browser, system } = browserName(userAgent);
  if (browser !== null)
    return system === null ? browser : t("signIns.browserOn", { browser, system });
  return system === null ? t("signIns.unknown") : t("signIns.unknownOn", { system });
}
