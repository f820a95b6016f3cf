import { A } from "@solidjs/router";
import { Show, type JSX } from "solid-js";
import type { State } from "../../db/states.ts";
import type { Instance } from "../../gateway/schemas.ts";
import { reasonText } from "../components/reason.ts";
import { useSignedIn } from "../components/signed-in-context.ts";
import { isOwn, keepsHome } from "../components/station.ts";
import { StateBadge } from "../components/state-badge.tsx";
import { whyNot } from "../components/why-not.ts";
import { Button, buttonClass } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import { paths } from "../paths.ts";
import styles from "./viewer-page.module.css";

interface ScreenProps {
  readonly badge?: State | undefined;
  readonly title: string;
  readonly text: string;
  readonly reason?: string | null | undefined;
  readonly small?: string | null | undefined;
  /** Keeps the greyed last picture visible behind. */
  readonly veil?: boolean | undefined;
  readonly children?: JSX.Element;
}

/** The frame of every screen that stands where the desktop would be. */
export function MessageScreen(props: ScreenProps): JSX.Element {
  return (
    <div class={`${styles["screen"]} ${props.veil === true ? styles["veil"] : ""}`}>
      <section class={styles["box"]} role="status">
        <div class={styles["head"]}>
          <Show when={props.badge}>{(state) => <StateBadge state={state()} />}</Show>
          <h1 class={styles["title"]}>{props.title}</h1>
        </div>
        <Show when={props.reason}>{(text) => <p class={styles["reason"]}>{text()}</p>}</Show>
        <p class={styles["text"]}>{props.text}</p>
        <Show when={props.small}>{(text) => <p class={styles["note"]}>{text()}</p>}</Show>
        <div class={styles["actions"]}>
          {props.children}
          <A class={buttonClass({})} href={paths.desktops()}>
            {t("viewer.back")}
          </A>
        </div>
      </section>
    </div>
  );
}

type Resting = Exclude<State, "queued" | "starting" | "running">;

/** An instance that does not run, and what can be done about it. */
export function EndScreen(props: {
  readonly instance: Instance;
  readonly state: Resting;
  readonly veil: boolean;
  readonly onStartAgain: () => void;
}): JSX.Element {
  const me = useSignedIn();
  const ended = (): boolean => ["stopped", "failed", "shelved"].includes(props.state);
  const kept = (): string | null =>
    !keepsHome(me(), props.instance) && (ended() || props.state === "stopping")
      ? t("stop.keptStation")
      : null;
  return (
    <MessageScreen
      badge={props.state}
      title={t(`viewer.${props.state}.title`, { name: props.instance.name })}
      text={kept() ?? t(`viewer.${props.state}.text`)}
      reason={props.instance.reason === null ? null : reasonText(props.instance.reason)}
      veil={props.veil && !ended()}
    >
      <Show when={ended() && isOwn(me(), props.instance)}>
        <Button
          variant="primary"
          disabledReason={whyNot(props.state, "restart")}
          onClick={props.onStartAgain}
        >
          {t("card.startAgain")}
        </Button>
      </Show>
    </MessageScreen>
  );
}
