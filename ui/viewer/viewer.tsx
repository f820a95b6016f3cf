import { createEffect, createMemo, createSignal, Match, on, onCleanup, onMount, Show, Switch, type JSX } from "solid-js";
import type { Instance } from "../../gateway/schemas.ts";
import { restart, stop } from "../api/actions.ts";
import { explain } from "../api/explain.ts";
import { idLine, toastError } from "../components/error-notice.tsx";
import { usePageTitle } from "../components/page-title.ts";
import { readSetting, writeSetting } from "../components/settings.ts";
import { announce } from "../kit/announcer.tsx";
import { Button } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import { Bar } from "./bar.tsx";
import { createBarVisibility } from "./bar-visibility.ts";
import { mayReadClipboard, readClipboard, writeClipboard } from "./clipboard.ts";
import type { Because } from "./connection.ts";
import { connectionWord } from "./connection-word.ts";
import { EndScreen, MessageScreen } from "./end-screen.tsx";
import { watchFirstPicture } from "./first-picture.ts";
import { releaseKeysOnBlur } from "./held-keys.ts";
import { isEscapeChord } from "./keys.ts";
import { preloadNoVnc } from "./load-novnc.ts";
import type { Screen } from "./screen.ts";
import { TouchKeys } from "./touch-keys.tsx";
import { useConnection } from "./use-connection.ts";
import { WaitingScreen } from "./waiting-screen.tsx";
import styles from "./viewer-page.module.css";

/** An X server is one flat colour until the session paints: wait this long for more before showing it. */
const flatMs = 3_000;
/** Tries that go by before a reason is given: most interruptions are over sooner. */
const quietTries = 3;
const introMs = 4_000;

export function Viewer(props: { readonly instance: Instance; readonly onLeave: () => void }): JSX.Element {
  let target!: HTMLDivElement; // Solid sets it before anything below runs in an effect.
  const it = (): Instance => props.instance;
  const [remoteText, setRemoteText] = createSignal("");
  const [painted, setPainted] = createSignal<Screen | null>(null);
  const [seen, setSeen] = createSignal(false);
  const desktop = useConnection(
    props.instance.id,
    () => target,
    (text) => {
      setRemoteText(text);
      void writeClipboard(text);
    },
  );
  const bar = createBarVisibility();
  const connection = desktop.connection;
  const connected = (): boolean => connection().phase.kind === "connected";
  const visible = (): boolean => connected() && painted() !== null && painted() === desktop.screen();
  const word = createMemo(() => connectionWord(connection(), seen()));
  const rfb = () => (connected() ? (desktop.screen()?.rfb ?? null) : null);
  const toDesktop = (): void => {
    bar.hide();
    rfb()?.focus({ preventScroll: true });
  };

  onMount(preloadNoVnc);
  createEffect(() => desktop.send({ type: "instance", running: it().state === "running" }));
  usePageTitle(() => {
    const state = it().state === "running" ? t(`viewer.state.${word()}`) : t(`state.${it().state}`);
    return t("viewer.title", { name: it().name, state });
  });
  createEffect(on(word, (now) => announce(t(`viewer.state.${now}`)), { defer: true }));
  createEffect(
    on(
      () => it().state,
      (state) => announce(t("desktops.announce", { name: it().name, state: t(`state.${state}`) })),
      { defer: true },
    ),
  );

  createEffect(
    on([desktop.screen, connected], ([screen, isConnected]) => {
      const canvas = screen?.canvas ?? null;
      if (screen === null || canvas === null || !isConnected) return;
      const label = (): string => t("viewer.desktop", { name: it().name });
      canvas.setAttribute("aria-label", label());
      canvas.setAttribute("role", "application");
      canvas.setAttribute("aria-description", t("viewer.desktopHint"));
      screen.rfb.focus({ preventScroll: true });
      onCleanup(releaseKeysOnBlur(canvas));
      const panelThere = it().timeline.some((step) => step.phase === "panel" && step.at !== null);
      onCleanup(
        watchFirstPicture(canvas, seen() || panelThere ? 0 : flatMs, () => {
          setPainted(screen);
          setSeen(true);
          introduceOnce(() => bar.introduce(introMs));
        }),
      );
      onCleanup(offerClipboard(canvas, (text) => screen.rfb.clipboardPasteFrom(text)));
      canvas.addEventListener("pointerdown", () => bar.hide());
    }),
  );

  const chord = (event: KeyboardEvent): void => {
    if (!isEscapeChord(event)) return;
    event.preventDefault();
    event.stopPropagation();
    bar.open();
  };
  window.addEventListener("keydown", chord, { capture: true });
  onCleanup(() => window.removeEventListener("keydown", chord, { capture: true }));

  const cancel = (): void => {
    stop(it()).then(
      () => props.onLeave(),
      (error: unknown) => toastError(error, "change"),
    );
  };
  const startAgain = (): void => {
    restart(it()).catch((error: unknown) => toastError(error, "start"));
  };
  const troubled = (): boolean => connection().attempt > quietTries && connection().phase.kind !== "connected";
  const trouble = (): string | null => (troubled() ? because(connection().because) : null);

  return (
    <>
      <div class={styles["stage"]}>
        <div ref={target} class={styles["desktop"]} data-testid="desktop" data-painted={visible()} />
        <Show when={!visible() && desktop.lastPicture()}>
          {(canvas) => <div class={styles["last"]}>{canvas()}</div>}
        </Show>
        <Switch>
          <Match when={over(connection().phase)}>
            {(reason) => (
              <OverScreen
                over={reason()}
                name={it().name}
                refusal={desktop.refusal()}
                onRetry={() => desktop.send({ type: "retryNow" })}
              />
            )}
          </Match>
          <Match when={resting(it().state)}>
            {(state) => (
              <EndScreen
                instance={it()}
                state={state()}
                veil={desktop.lastPicture() !== null}
                onStartAgain={startAgain}
              />
            )}
          </Match>
          <Match when={it().state !== "running" || (!seen() && !visible())}>
            <WaitingScreen
              instance={it()}
              trouble={trouble()}
              onCancel={it().state === "running" ? null : cancel}
            />
          </Match>
          <Match when={!visible()}>
            <div class={styles["line"]} role="status">
              <span>{word() === "offline" ? t("viewer.offline") : t("viewer.reconnecting")}</span>
              <Show when={trouble()}>
                {(text) => (
                  <>
                    <span class={styles["lineNote"]}>{text()}</span>
                    <Button size="small" onClick={() => desktop.send({ type: "retryNow" })}>
                      {t("viewer.tryNow")}
                    </Button>
                  </>
                )}
              </Show>
            </div>
          </Match>
        </Switch>
        <Show when={seen()}>
          <Bar
            instance={it()}
            word={word()}
            rfb={rfb()}
            remoteText={remoteText()}
            visibility={bar}
            toDesktop={toDesktop}
            onLeave={props.onLeave}
          />
        </Show>
      </div>
      <Show when={isTouch() && visible() && rfb()}>{(open) => <TouchKeys rfb={open()} />}</Show>
    </>
  );
}

function OverScreen(props: {
  readonly over: "access" | "refused" | "gone" | "signedOut" | "protocol";
  readonly name: string;
  readonly refusal: unknown;
  readonly onRetry: () => void;
}): JSX.Element {
  const explained = () => explain(props.refusal, "connect");
  return (
    <Switch>
      <Match when={props.over === "access"}>
        <MessageScreen title={t("viewer.access.title", { name: props.name })} text={t("viewer.access.text")}>
          <Button variant="primary" onClick={props.onRetry}>
            {t("app.tryAgain")}
          </Button>
        </MessageScreen>
      </Match>
      <Match when={props.over === "gone"}>
        <MessageScreen title={t("viewer.gone.title")} text={t("viewer.gone.text")} />
      </Match>
      <Match when={props.over === "protocol"}>
        <MessageScreen title={t("viewer.protocol.title")} text={t("viewer.protocol.text")}>
          <Button variant="primary" onClick={props.onRetry}>
            {t("app.tryAgain")}
          </Button>
        </MessageScreen>
      </Match>
      <Match when={props.over === "refused" || props.over === "signedOut"}>
        <MessageScreen
          title={t("viewer.refused.title")}
          reason={explained().what}
          text={explained().next}
          small={idLine(explained().requestId)}
        >
          <Button variant="primary" onClick={props.onRetry}>
            {t("app.tryAgain")}
          </Button>
        </MessageScreen>
      </Match>
    </Switch>
  );
}

function over(phase: { readonly kind: string; readonly over?: "access" | "refused" | "gone" | "signedOut" | "protocol" }) {
  return phase.kind === "over" ? phase.over : undefined;
}

function resting(state: Instance["state"]) {
  switch (state) {
    case "queued":
    case "starting":
    case "running":
      return undefined;
    default:
      return state;
  }
}

function because(reason: Because): string | null {
  switch (reason) {
    case "first":
    case "lost":
      return t("viewer.why.keepalive");
    default:
      return t(`viewer.why.${reason}`);
  }
}

/** A tablet or a phone: what is under the finger has no Ctrl and no Esc. */
function isTouch(): boolean {
  return window.matchMedia("(pointer: coarse)").matches;
}

/** Once in a browser's life the bar shows itself, so that its tab means something. */
function introduceOnce(show: () => void): void {
  if (readSetting("barSeen") !== null) return;
  writeSetting("barSeen", "yes");
  show();
}

/** Where the reader has allowed it for good, what they copied elsewhere is there when they come back. */
function offerClipboard(canvas: HTMLCanvasElement, send: (text: string) => void): () => void {
  let last: string | null = null;
  const offer = async (): Promise<void> => {
    if (!(await mayReadClipboard())) return;
    const text = await readClipboard();
    if (text === null || text === "" || text === last) return;
    last = text;
    send(text);
  };
  const onFocus = (): void => void offer();
  canvas.addEventListener("focus", onFocus);
  return () => canvas.removeEventListener("focus", onFocus);
}
