import { useNavigate } from "@solidjs/router";
import {
  createEffect,
  createSignal,
  Match,
  on,
  onCleanup,
  onMount,
  Show,
  Switch,
  type JSX,
} from "solid-js";
import type { AskedApproval } from "../../../gateway/station-schemas.ts";
import { ApiError } from "../../api/errors.ts";
import { askApproval, useApproval, withdrawApproval } from "../../api/stations.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Loading } from "../../components/loading.tsx";
import { createNow } from "../../components/now.ts";
import { formatClock } from "../../components/time.ts";
import { Button } from "../../kit/button.tsx";
import { Notice } from "../../kit/notice.tsx";
import { locale } from "../../messages/messages.ts";
import { t } from "../../messages/station.ts";
import { paths } from "../../paths.ts";
import { QrCode } from "./qr-code.tsx";
import styles from "./phone-way.module.css";
import station from "./station.module.css";

interface PhoneWayProps {
  readonly wish: { readonly environment: string; readonly experiment: string | undefined };
  readonly onBack: () => void;
  readonly onStarted: () => void;
}

/** Shows a code that somebody takes with their phone, and what they answer. Left open, it is withdrawn. */
export function PhoneWay(props: PhoneWayProps): JSX.Element {
  const navigate = useNavigate();
  const [asked, setAsked] = createSignal<AskedApproval | null>(null);
  const [error, setError] = createSignal<unknown>(null);
  const answer = useApproval(() => asked()?.id ?? null);
  let gone = false;

  const state = () => {
    // A row that is gone is over as well.
    if (answer.error instanceof ApiError && answer.error.status === 404) return "over";
    return answer.data?.state ?? "open";
  };
  const withdraw = (): void => {
    const it = asked();
    // Where that fails, its minutes end it.
    if (it !== null && state() === "open") withdrawApproval(it.id).catch(() => {});
  };
  const ask = async (): Promise<void> => {
    setAsked(null);
    setError(null);
    try {
      const made = await askApproval(props.wish);
      if (gone) return void withdrawApproval(made.id).catch(() => {});
      setAsked(made);
    } catch (failure) {
      setError(() => failure);
    }
  };
  onMount(() => void ask());
  onCleanup(() => {
    gone = true;
    withdraw();
  });
  createEffect(
    on(
      () => answer.data?.instance ?? null,
      (id) => {
        if (id === null) return;
        props.onStarted();
        navigate(paths.desktop({ id }));
      },
    ),
  );

  return (
    <div class={styles["way"]}>
      <Switch fallback={<Loading />}>
        <Match when={error() !== null}>
          <ErrorNotice error={error()} doing="start" retry={() => void ask()} urgent />
        </Match>
        <Match when={state() === "declined"}>
          <Notice
            tone="info"
            title={t("station.phoneDeclined")}
            lines={[t("station.phoneNothing")]}
            urgent
          />
        </Match>
        <Match when={state() === "over"}>
          <Notice
            tone="info"
            title={t("station.phoneOver")}
            lines={[t("station.phoneNothing")]}
            urgent
          />
        </Match>
        <Match when={asked()}>{(it) => <Shown asked={it()} />}</Match>
      </Switch>
      <div class={station["actions"]}>
        <Button onClick={() => props.onBack()}>{t("station.phoneBack")}</Button>
        <Show when={error() === null && state() !== "open"}>
          <Button variant="primary" onClick={() => void ask()}>
            {t("station.phoneNew")}
          </Button>
        </Show>
      </div>
    </div>
  );
}

function Shown(props: { readonly asked: AskedApproval }): JSX.Element {
  const now = createNow(10_000);
  const address = (): string => props.asked.url.split("#")[0] ?? "";
  return (
    <>
      <p>{t("station.phoneScan")}</p>
      <QrCode text={props.asked.url} label={t("station.phonePicture")} />
      <div class={styles["typed"]}>
        <p>{t("station.phoneType")}</p>
        <code class={styles["address"]}>{address()}</code>
        <code class={styles["code"]}>{props.asked.code}</code>
      </div>
      <p class={styles["waits"]} role="status">
        {t("station.phoneWaits", {
          time: formatClock(Date.parse(props.asked.expiresAt), now(), locale(), true),
        })}
      </p>
    </>
  );
}
