import { A } from "@solidjs/router";
import { createMemo, Show, type JSX } from "solid-js";
import type { Instance } from "../../gateway/schemas.ts";
import { QueuePlace } from "../components/moment.tsx";
import { createNow } from "../components/now.ts";
import { isOwn } from "../components/station.ts";
import { useSignedIn } from "../components/signed-in-context.ts";
import { StateBadge } from "../components/state-badge.tsx";
import { TellMeButton } from "../components/tell-me-button.tsx";
import { tickMs, TimelineView } from "../components/timeline-view.tsx";
import { Button, buttonClass } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import { paths } from "../paths.ts";
import { whyText } from "../components/reason.ts";
import styles from "./viewer-page.module.css";

interface WaitingScreenProps {
  readonly instance: Instance;
  /** What keeps the picture from coming, once everything else is there. */
  readonly trouble: string | null;
  readonly onCancel: (() => void) | null;
}

/** Until a place is found or the reason is known why there is none: nobody is told to wait before. */
const placingMs = 2_000;

/** From the click to the first picture: what is going on, for how long, and the way out. */
export function WaitingScreen(props: WaitingScreenProps): JSX.Element {
  const now = createNow(tickMs);
  const me = useSignedIn();
  const it = (): Instance => props.instance;
  const waits = createMemo(
    (): boolean =>
      it().state === "queued" &&
      (it().reason !== null || now() - Date.parse(it().createdAt) > placingMs),
  );
  const why = createMemo(() => whyText(it(), now()));
  // It runs already: this is only the way back to it.
  const late = it().state === "running" && it().timeline.at(-1)?.at !== null;
  return (
    <div class={`${styles["screen"]} ${late ? styles["late"] : ""}`}>
      <section class={styles["box"]}>
        <div class={styles["head"]}>
          <StateBadge state={it().state} />
          <h1 class={styles["title"]}>
            {waits() ? t("viewer.queued.title", { name: it().name }) : it().name}
          </h1>
          <Show when={it().name !== it().environmentName}>
            <p class={styles["note"]}>
              {it().environmentName} {it().version}
            </p>
          </Show>
        </div>
        <Show when={!late} fallback={<p class={styles["text"]}>{t("viewer.onTheWay")}</p>}>
          <TimelineView instance={it()} now={now} tall />
        </Show>
        <Show when={waits() && (why() ?? it().queue)}>
          <div class={styles["reason"]}>
            <Show when={why()}>{(text) => <p>{text()}</p>}</Show>
            <Show when={it().queue}>
              {(queue) => (
                <p>
                  <QueuePlace queue={queue()} now={now} />
                </p>
              )}
            </Show>
            <p class={styles["note"]}>{t("viewer.queued.text")}</p>
          </div>
        </Show>
        <Show when={props.trouble}>{(text) => <p class={styles["reason"]}>{text()}</p>}</Show>
        <div class={styles["actions"]}>
          <Show when={waits() && it().reason !== null && isOwn(me(), it())}>
            <TellMeButton id={it().id} />
          </Show>
          <Show when={props.onCancel}>
            {(cancel) => <Button onClick={() => cancel()()}>{t("viewer.cancel")}</Button>}
          </Show>
          <A class={buttonClass({ variant: "quiet" })} href={paths.desktops()}>
            {t("viewer.back")}
          </A>
        </div>
      </section>
    </div>
  );
}
