import { Navigate, useLocation, type RouteSectionProps } from "@solidjs/router";
import {
  createEffect,
  createMemo,
  Match,
  onCleanup,
  Show,
  Switch,
  type Accessor,
  type JSX,
} from "solid-js";
import type { Me } from "../../gateway/schemas.ts";
import { isSignedOut } from "../api/errors.ts";
import { followEvents } from "../api/events.ts";
import { useMe } from "../api/queries.ts";
import { forgetSignIn, rememberSignedIn } from "../api/session.ts";
import { t } from "../messages/messages.ts";
import { paths } from "../paths.ts";
import { ErrorNotice } from "./error-notice.tsx";
import { worksInDesktops } from "./home.ts";
import { Loading } from "./loading.tsx";
import { followStarts } from "./start-news.ts";
import { SignedInContext, useSignedIn } from "./signed-in-context.ts";
import { isStation } from "./station.ts";
import styles from "./signed-in.module.css";

const retryMs = 3_000;

/** Shows its pages to whom is signed in, and leads everyone else to the sign-in page and back. */
export function SignedIn(props: RouteSectionProps): JSX.Element {
  const query = useMe();
  const location = useLocation();
  const signedOut = (): boolean => query.isError && isSignedOut(query.error);
  // Reading `data` of a pending query would suspend the whole page.
  const me = (): Me | undefined => (query.isPending ? undefined : query.data);

  createEffect(() => rememberSignedIn(me()));
  createEffect(() => {
    if (!query.isError || signedOut()) return;
    const timer = setInterval(() => void query.refetch(), retryMs);
    onCleanup(() => clearInterval(timer));
  });

  return (
    <Switch>
      <Match when={signedOut()}>
        <ToSignIn next={location.pathname + location.search} />
      </Match>
      <Match when={query.isError && me() === undefined}>
        <main class={styles["alone"]}>
          <h1 class="visually-hidden">{t("app.name")}</h1>
          <ErrorNotice error={query.error} doing="look" retry={() => void query.refetch()} urgent />
        </main>
      </Match>
      <Match when={query.isPending}>
        <main class={styles["alone"]}>
          <Loading />
        </main>
      </Match>
      <Match when={me()}>{(known) => <Inside me={known}>{props.children}</Inside>}</Match>
    </Switch>
  );
}

function Inside(props: { readonly me: Accessor<Me>; readonly children: JSX.Element }): JSX.Element {
  const works = createMemo(() => worksInDesktops(props.me().roles));
  createEffect(() => {
    // All events are about desktops: the server refuses them to the others.
    if (!works()) return;
    onCleanup(followEvents());
    onCleanup(followStarts());
  });
  return <SignedInContext.Provider value={props.me}>{props.children}</SignedInContext.Provider>;
}

function ToSignIn(props: { readonly next: string }): JSX.Element {
  forgetSignIn();
  return <Navigate href={paths.signIn({ next: props.next })} />;
}

/** Shows its pages to people, and leads a station home: nothing about oneself is of its account. */
export function PeopleOnly(props: RouteSectionProps): JSX.Element {
  const me = useSignedIn();
  return (
    <Show when={!isStation(me())} fallback={<Navigate href={paths.desktops()} />}>
      {props.children}
    </Show>
  );
}

/** Shows its pages to those who work in desktops, and leads everyone else home. */
export function DesktopsOnly(props: RouteSectionProps): JSX.Element {
  const me = useSignedIn();
  return (
    <Show when={worksInDesktops(me().roles)} fallback={<Navigate href={paths.account()} />}>
      {props.children}
    </Show>
  );
}
