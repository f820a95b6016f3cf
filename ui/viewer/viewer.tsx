import {
  createEffect,
  createMemo,
  createSignal,
  Match,
  on,
  onCleanup,
  onMount,
  Show,
  Switch,
  type JSX,
} from "solid-js";
import type { Instance } from "../../gateway/schemas.ts";
import { restart, stop } from "../api/actions.ts";
import { DesktopNotice } from "../components/desktop-notice.tsx";
import { toastError } from "../components/error-notice.tsx";
import { useInstanceActions } from "../components/instance-actions.tsx";
import { createNow } from "../components/now.ts";
import { usePageTitle } from "../components/page-title.ts";
import { announce } from "../kit/announcer.tsx";
import { t } from "../messages/messages.ts";
import { Bar } from "./bar.tsx";
import { createBarVisibility } from "./bar-visibility.ts";
import { writeClipboard } from "./clipboard.ts";
import type { Connection, Over } from "./connection.ts";
import { connectionWord } from "./connection-word.ts";
import { EndScreen } from "./end-screen.tsx";
import { isEscapeChord } from "./keys.ts";
import { preloadNoVnc } from "./load-novnc.ts";
import { OverScreen } from "./over-screen.tsx";
import { isTouch } from "./touch-bar.ts";
import { ReconnectLine, troubleOf } from "./reconnect-line.tsx";
import { watchOwnSize } from "./own-size.ts";
import { TouchKeys } from "./touch-keys.tsx";
import { useConnection } from "./use-connection.ts";
import { usePicture } from "./use-picture.ts";
import { WaitingScreen } from "./waiting-screen.tsx";
import styles from "./viewer-page.module.css";

interface ViewerProps {
  readonly instance: Instance;
  readonly onLeave: () => void;
}

/** One instance in a window: its start, its picture, and every way in which that can end. */
export function Viewer(props: ViewerProps): JSX.Element {
  let target: HTMLDivElement | undefined;
  const it = (): Instance => props.instance;
  const running = (): boolean => it().state === "running";
  const [remoteText, setRemoteText] = createSignal("");
  const desktop = useConnection(
    props.instance.id,
    () => target,
    (text) => {
      setRemoteText(text);
      void writeClipboard(text);
    },
  );
  const { connection } = desktop;
  const bar = createBarVisibility();
  const actions = useInstanceActions(it);
  const now = createNow(10_000);
  const { visible, seen } = usePicture(it, desktop, bar);
  const foreignSize = watchOwnSize(desktop.screen, visible, () => target);
  const word = createMemo(() => connectionWord(connection(), seen()));
  const rfb = () =>
    connection().phase.kind === "connected" ? (desktop.screen()?.rfb ?? null) : null;
  const retry = (): void => desktop.send({ type: "retryNow" });
  const toDesktop = (): void => {
    bar.hide();
    rfb()?.focus({ preventScroll: true });
  };

  onMount(preloadNoVnc);
  createEffect(() => desktop.send({ type: "instance", running: running() }));
  useWords(it, () => (running() ? t(`viewer.state.${word()}`) : t(`state.${it().state}`)));
  useEscapeChord(() => bar.open());

  const cancel = (): void => {
    stop(it()).then(
      () => props.onLeave(),
      (error: unknown) => toastError(error, "change"),
    );
  };
  const startAgain = (): void => {
    restart(it()).catch((error: unknown) => toastError(error, "start"));
  };

  return (
    <>
      <div class={styles["stage"]}>
        <div
          ref={(element) => (target = element)}
          class={styles["desktop"]}
          data-testid="desktop"
          data-painted={visible()}
        />
        <Show when={!visible() && desktop.lastPicture()}>
          {(canvas) => <div class={styles["last"]}>{canvas()}</div>}
        </Show>
        <Switch>
          <Match when={overOf(connection())}>
            {(over) => (
              <OverScreen
                over={over()}
                name={it().name}
                refusal={desktop.refusal()}
                onRetry={retry}
              />
            )}
          </Match>
          <Match when={restingState(it())}>
            {(state) => (
              <EndScreen
                instance={it()}
                state={state()}
                veil={desktop.lastPicture() !== null}
                onStartAgain={startAgain}
              />
            )}
          </Match>
          <Match when={!running() || (!seen() && !visible())}>
            <WaitingScreen
              instance={it()}
              trouble={troubleOf(connection())}
              onCancel={running() ? null : cancel}
            />
          </Match>
          <Match when={!visible()}>
            <ReconnectLine connection={connection()} onRetry={retry} />
          </Match>
          <Match when={it().notice}>
            <DesktopNotice
              slim
              instance={it()}
              now={now}
              onRestart={actions.askRestart}
              onExtend={actions.extend}
            />
          </Match>
        </Switch>
        {actions.dialogs()}
        <Show when={seen() && running() && connection().phase.kind !== "over"}>
          <Bar
            instance={it()}
            now={now}
            onExtend={actions.extend}
            word={word()}
            rfb={rfb()}
            remoteText={remoteText()}
            foreignSize={foreignSize()}
            visibility={bar}
            toDesktop={toDesktop}
            onLeave={props.onLeave}
          />
        </Show>
      </div>
      {/* From before the first picture to after a lost one: the desktop keeps its size. */}
      <Show when={isTouch() && running() && overOf(connection()) === undefined}>
        <TouchKeys rfb={visible() ? rfb() : null} />
      </Show>
    </>
  );
}

/** The tab's title and what screen readers hear follow the state. */
function useWords(instance: () => Instance, state: () => string): void {
  usePageTitle(() => t("viewer.title", { name: instance().name, state: state() }));
  createEffect(
    on(state, (text) => announce(t("desktops.announce", { name: instance().name, state: text })), {
      defer: true,
    }),
  );
}

/** Ctrl+Alt+Shift leads from the desktop, which takes every other key, to the bar. */
function useEscapeChord(act: () => void): void {
  const listen = (event: KeyboardEvent): void => {
    if (!isEscapeChord(event)) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  window.addEventListener("keydown", listen, { capture: true });
  onCleanup(() => window.removeEventListener("keydown", listen, { capture: true }));
}

function overOf(connection: Connection): Over | undefined {
  return connection.phase.kind === "over" ? connection.phase.over : undefined;
}

/** The state, where nothing is to be waited for that shows itself as a start. */
function restingState(instance: Instance) {
  switch (instance.state) {
    case "queued":
    case "starting":
    case "running":
      return undefined;
    default:
      return instance.state;
  }
}
