import {
  createEffect,
  createMemo,
  createSignal,
  For,
  on,
  onCleanup,
  Show,
  type JSX,
} from "solid-js";
import type { Instance } from "../../../gateway/schemas.ts";
import type { AtStation } from "../../../gateway/station-schemas.ts";
import { serverNowMs } from "../../api/clock.ts";
import { useInstances } from "../../api/queries.ts";
import { lookAnew, useAtStation } from "../../api/stations.ts";
import { DesktopList } from "../../components/desktop-list.tsx";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Loading } from "../../components/loading.tsx";
import { Ahead } from "../../components/moment.tsx";
import { createNow } from "../../components/now.ts";
import { endedInstances, liveInstances } from "../../components/order.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { RecentRow } from "../../components/recent-row.tsx";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { isOwn } from "../../components/station.ts";
import { Button } from "../../kit/button.tsx";
import { t } from "../../messages/station.ts";
import { EndingSoon, NothingRuns } from "./notices.tsx";
import { Startable } from "./startable.tsx";
import { OwnHome } from "./own-home.tsx";
import styles from "./station.module.css";

/** Only so many of what has ended: at a station it is the experiment's, not somebody's past. */
const recentMost = 3;

/** What a shared computer at a beamline shows: what runs there, what is open on it, and what it starts. */
export function StationPage(): JSX.Element {
  const here = useAtStation();
  const query = useInstances();
  const me = useSignedIn();
  const now = createNow(10_000);
  const items = (): readonly Instance[] => (query.isPending ? [] : (query.data?.items ?? []));
  const live = createMemo(() => liveInstances(items()));
  const ended = createMemo(() =>
    endedInstances(items())
      .filter((it) => isOwn(me(), it))
      .slice(0, recentMost),
  );
  const runs = (): boolean => (here.data?.experiments.length ?? 0) > 0;
  usePageTitle(() => here.data?.name ?? t("station.title"));
  lookWhenItTurns(() => here.data);
  return (
    <div class={styles["page"]}>
      <Show when={here.isError && here.data === undefined}>
        <ErrorNotice error={here.error} doing="look" retry={() => void here.refetch()} urgent />
      </Show>
      <Show
        when={here.data}
        fallback={
          <Show when={!here.isError}>
            <Loading />
          </Show>
        }
      >
        {(it) => (
          <>
            <Head here={it()} now={now} />
            <EndingSoon here={it()} now={now} />
            <Show when={!runs()}>
              <NothingRuns here={it()} now={now} />
            </Show>
          </>
        )}
      </Show>
      <Show when={live().length > 0}>
        <DesktopList instances={live()} now={now} title={t("station.desktops")} />
      </Show>
      <Show when={runs() && !query.isPending}>
        <Show when={here.data}>{(it) => <WithOwnHome here={it()} />}</Show>
        <Startable />
      </Show>
      <Show when={ended().length > 0}>
        <section class={styles["section"]} aria-labelledby="recent">
          <h2 id="recent" class={styles["title"]}>
            {t("desktops.recent")}
          </h2>
          <ul class={styles["rows"]}>
            <For each={ended()}>{(instance) => <RecentRow instance={instance} now={now} />}</For>
          </ul>
        </section>
      </Show>
    </div>
  );
}

function Head(props: { readonly here: AtStation; readonly now: () => number }): JSX.Element {
  return (
    <header class={styles["head"]}>
      <p class={styles["beamline"]}>
        {props.here.beamline.code} · {props.here.beamline.name}
      </p>
      <h1 class={styles["name"]}>{props.here.name}</h1>
      <ul class={styles["experiments"]}>
        <For each={props.here.experiments}>
          {(it) => (
            <li>
              <strong>{t("catalogue.experiment", { code: it.code })}</strong>
              <Show when={it.title}>
                <span>{it.title}</span>
              </Show>
              <span class={styles["muted"]}>
                {t("station.ends")} <Ahead at={it.endsAt} now={props.now} />
              </span>
            </li>
          )}
        </For>
      </ul>
    </header>
  );
}

function WithOwnHome(props: { readonly here: AtStation }): JSX.Element {
  const [open, setOpen] = createSignal(false);
  return (
    <section class={styles["own"]} aria-labelledby="own-home">
      <div>
        <h2 id="own-home" class={styles["subtitle"]}>
          {t("station.own")}
        </h2>
        <p class={styles["muted"]}>{t("station.ownText")}</p>
      </div>
      <Button onClick={() => setOpen(true)}>{t("station.ownOpen")}</Button>
      <OwnHome open={open()} onOpenChange={setOpen} experiments={props.here.experiments} />
    </section>
  );
}

/** Looks again as soon as an experiment begins or ends, and reads everything anew where others run. */
function lookWhenItTurns(here: () => AtStation | undefined): void {
  createEffect(() => {
    const it = here();
    const turns = [...(it?.experiments ?? []).map((x) => x.endsAt), it?.next?.startsAt ?? ""]
      .map((at) => Date.parse(at) - serverNowMs())
      .filter((ms) => ms > 0);
    // Farther than a timer reaches, the next regular look finds it.
    const nextMs = Math.min(...turns);
    if (nextMs > 86_400_000) return;
    const timer = setTimeout(lookAnew, nextMs + 500);
    onCleanup(() => clearTimeout(timer));
  });
  const running = (): string | undefined =>
    here()
      ?.experiments.map((it) => it.id)
      .join();
  createEffect(
    on(running, (now, before) => {
      if (before !== undefined && now !== before) lookAnew();
    }),
  );
}
