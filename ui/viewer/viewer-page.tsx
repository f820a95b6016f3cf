import { useNavigate, useParams } from "@solidjs/router";
import { Match, Show, Switch, type JSX } from "solid-js";
import type { Instance } from "../../gateway/schemas.ts";
import { ApiError } from "../api/errors.ts";
import { useInstance } from "../api/queries.ts";
import { ErrorNotice } from "../components/error-notice.tsx";
import { Loading } from "../components/loading.tsx";
import { usePageTitle } from "../components/page-title.ts";
import { Button } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import { paths } from "../paths.ts";
import { MessageScreen } from "./end-screen.tsx";
import { keepAboveKeyboard } from "./above-keyboard.ts";
import { Viewer } from "./viewer.tsx";
import styles from "./viewer-page.module.css";

/** One desktop, from the click on Start to its last picture. */
export function ViewerPage(): JSX.Element {
  const parameters = useParams<{ id: string }>();
  return (
    // Another id is another desktop: nothing of the connection before may remain.
    <Show when={parameters.id} keyed>
      {(id) => <OneDesktop id={id} />}
    </Show>
  );
}

function OneDesktop(props: { readonly id: string }): JSX.Element {
  const navigate = useNavigate();
  const query = useInstance(() => props.id);
  const instance = (): Instance | undefined => (query.isPending ? undefined : query.data);
  const gone = (): boolean => query.error instanceof ApiError && query.error.status === 404;
  return (
    <main ref={keepAboveKeyboard} class={styles["viewer"]}>
      <Switch>
        <Match when={gone()}>
          <Gone />
        </Match>
        <Match when={instance()}>
          {(known) => <Viewer instance={known()} onLeave={() => navigate(paths.desktops())} />}
        </Match>
        <Match when={query.isPending}>
          <div class={styles["screen"]}>
            <Loading />
          </div>
        </Match>
        <Match when={query.isError}>
          <div class={styles["screen"]}>
            <ErrorNotice
              error={query.error}
              doing="look"
              retry={() => void query.refetch()}
              urgent
            />
            <Button onClick={() => navigate(paths.desktops())}>{t("viewer.back")}</Button>
          </div>
        </Match>
      </Switch>
    </main>
  );
}

function Gone(): JSX.Element {
  usePageTitle(() => t("viewer.gone.title"));
  return <MessageScreen title={t("viewer.gone.title")} text={t("viewer.gone.text")} />;
}
