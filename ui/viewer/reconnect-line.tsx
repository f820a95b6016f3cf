import { createSignal, onCleanup, Show, type JSX } from "solid-js";
import { Button } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import type { Because, Connection } from "./connection.ts";
import styles from "./viewer-page.module.css";

/** Tries that go by before a reason is given: most interruptions are over sooner. */
const quietTries = 3;

/** One calm line over the greyed last picture. */
export function ReconnectLine(props: {
  readonly connection: Connection;
  readonly onRetry: () => void;
}): JSX.Element {
  const offline = (): boolean =>
    props.connection.phase.kind === "waiting" && !props.connection.online;
  const words = (): string => {
    if (offline()) return t("viewer.offline");
    // What it was when the server last said so is all that is known.
    return isSilent(props.connection) ? t("viewer.silent") : t("viewer.reconnecting");
  };
  const typed = watchTyping();
  return (
    <div class={styles["line"]} role="status">
      <span>{words()}</span>
      <Show when={typed()}>
        <span class={styles["lineNote"]}>{t("viewer.notSent")}</span>
      </Show>
      <Show when={offline() ? null : troubleOf(props.connection)}>
        {(text) => (
          <>
            <Show when={!isSilent(props.connection)}>
              <span class={styles["lineNote"]}>{text()}</span>
            </Show>
            <Button size="small" onClick={props.onRetry}>
              {t("viewer.tryNow")}
            </Button>
          </>
        )}
      </Show>
    </div>
  );
}

/** True once someone has typed what was meant for the desktop. */
function watchTyping(): () => boolean {
  const [typed, setTyped] = createSignal(false);
  const onKey = (event: KeyboardEvent): void => {
    if (event.target === document.body && (event.key.length === 1 || event.key === "Enter"))
      setTyped(true);
  };
  const onInput = (event: Event): void => {
    if (event.target instanceof Element && event.target.matches("[data-to-desktop]"))
      setTyped(true);
  };
  window.addEventListener("keydown", onKey);
  window.addEventListener("input", onInput);
  onCleanup(() => {
    window.removeEventListener("keydown", onKey);
    window.removeEventListener("input", onInput);
  });
  return typed;
}

/** The server itself has not answered for several tries. */
export function isSilent(connection: Connection): boolean {
  return connection.because === "server" && connection.attempt > quietTries;
}

/** What keeps the picture from coming; null while it is too early to say. */
export function troubleOf(connection: Connection): string | null {
  if (connection.phase.kind === "connected" || connection.attempt <= quietTries) return null;
  return because(connection.because);
}

function because(reason: Because): string {
  switch (reason) {
    case "first":
    case "lost":
      return t("viewer.why.keepalive");
    default:
      return t(`viewer.why.${reason}`);
  }
}
