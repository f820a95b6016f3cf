import { createSignal } from "solid-js";
import { showToast } from "../kit/toasts.ts";
import { t } from "../messages/messages.ts";
import { paths } from "../paths.ts";

const setting = "asci.tell";

/** For as long as the tab is open, a reload included. */
function read(): ReadonlySet<string> {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(setting) ?? "[]");
    return new Set(Array.isArray(stored) ? stored.map(String) : []);
  } catch {
    return new Set();
  }
}

const [telling, setTelling] = createSignal(read());

function write(ids: ReadonlySet<string>): void {
  setTelling(ids);
  try {
    sessionStorage.setItem(setting, JSON.stringify([...ids]));
  } catch {
    // Then it holds until the page is left.
  }
}

/** Whether this browser could show a notification at all; some do on secure pages only. */
export const canTell = (): boolean => typeof Notification === "function" && isSecureContext;

/** Whether a notification is to be shown of this instance's start. */
export const isTelling = (id: string): boolean => telling().has(id);

export function stopTelling(id: string): void {
  write(new Set([...telling()].filter((it) => it !== id)));
}

/** Asks the browser, which may ask the person, and says so where it does not allow it. */
export async function startTelling(id: string): Promise<void> {
  const permission = await Notification.requestPermission();
  if (permission === "granted") return write(new Set([...telling(), id]));
  showToast({
    tone: "attention",
    title: t("card.tellBlocked"),
    lines: [t("card.tellBlockedNext")],
  });
}

/** Shows it; a press leads to the desktop. */
export function notifyOf(id: string, text: string): void {
  if (!canTell() || Notification.permission !== "granted") return;
  try {
    // Several tabs say it once.
    const it = new Notification(text, { tag: `asci-${id}`, icon: "/favicon.svg" });
    it.addEventListener("click", () => {
      window.focus();
      location.assign(paths.desktop({ id }));
      it.close();
    });
  } catch {
    // Chrome on Android has none without a service worker. The page itself says it too.
  }
}
