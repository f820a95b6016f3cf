import type { RouteSectionProps } from "@solidjs/router";
import { createEffect, ErrorBoundary, on, Suspense, type JSX } from "solid-js";
import { Announcer, announce } from "../kit/announcer.tsx";
import { Button } from "../kit/button.tsx";
import { Notice } from "../kit/notice.tsx";
import { Toaster } from "../kit/toaster.tsx";
import { t } from "../messages/messages.ts";
import { Loading } from "./loading.tsx";
import styles from "./signed-in.module.css";

/** What surrounds every page: messages, announcements, and the net below a fault of the app itself. */
export function Page(props: RouteSectionProps): JSX.Element {
  createEffect(
    on(
      () => props.location.pathname,
      // The new page's title is set in its own effects.
      () => queueMicrotask(() => announce(document.title)),
      { defer: true },
    ),
  );
  return (
    <>
      <ErrorBoundary fallback={(error: unknown) => <Crashed error={error} />}>
        <Suspense
          fallback={
            <main class={styles["alone"]}>
              <Loading />
            </main>
          }
        >
          {props.children}
        </Suspense>
      </ErrorBoundary>
      <Toaster label={t("app.messages")} dismiss={t("app.dismiss")} />
      <Announcer />
    </>
  );
}

/** A chunk that is gone means that ASCI was updated under an open page: reloading cures it. */
const isOutdated = (error: unknown): boolean =>
  error instanceof Error &&
  /dynamically imported module|module script|unable to preload/i.test(error.message);

function Crashed(props: { readonly error: unknown }): JSX.Element {
  const outdated = (): boolean => isOutdated(props.error);
  console.error(props.error);
  return (
    <main class={styles["alone"]}>
      <h1 class="visually-hidden">{t("app.name")}</h1>
      <Notice
        tone={outdated() ? "info" : "error"}
        title={outdated() ? t("app.outdated") : t("app.crashed")}
        lines={[outdated() ? t("app.outdatedNext") : t("app.crashedSafe")]}
        urgent
        actions={<Button onClick={() => window.location.reload()}>{t("app.reload")}</Button>}
      />
    </main>
  );
}
