import { A, useNavigate } from "@solidjs/router";
import Ellipsis from "lucide-solid/icons/ellipsis";
import { createEffect, createUniqueId, on, onMount, Show, type Accessor, type JSX } from "solid-js";
import { allows } from "../../db/states.ts";
import type { Instance } from "../../gateway/schemas.ts";
import { announce } from "../kit/announcer.tsx";
import { Button, buttonClass } from "../kit/button.tsx";
import { Menu, MenuItem } from "../kit/menu.tsx";
import { t } from "../messages/messages.ts";
import { paths } from "../paths.ts";
import { preloadViewer } from "../routes-preload.ts";
import type { Grace } from "./grace.ts";
import { useInstanceActions } from "./instance-actions.tsx";
import { Ahead, ClockTime, QueuePlace, Since } from "./moment.tsx";
import { useSignedIn } from "./signed-in-context.ts";
import { DesktopNotice, mayExtend, openNotice } from "./desktop-notice.tsx";
import { isOwn, isStation, keepsHome } from "./station.ts";
import { TellMeButton } from "./tell-me-button.tsx";
import { StateBadge } from "./state-badge.tsx";
import { tickMs, TimelineView } from "./timeline-view.tsx";
import { createNow } from "./now.ts";
import { whyNot } from "./why-not.ts";
import { whyText } from "./reason.ts";
import styles from "./instance-card.module.css";

interface InstanceCardProps {
  readonly instance: Instance;
  /** Ticks slowly: for "1 h 12 min". */
  readonly now: Accessor<number>;
  /** The one that most people come for is large; among many, each is a line. */
  readonly size: "large" | "medium" | "small";
  readonly crowded: boolean;
  /** Among others, maybe of the same name, the start tells them apart; null: it need not. */
  readonly since: "minute" | "second" | null;
}

/** One live instance: what it is, how it is, and the way in. */
export function InstanceCard(props: InstanceCardProps): JSX.Element {
  const navigate = useNavigate();
  const actions = useInstanceActions(() => props.instance);
  const me = useSignedIn();
  const nameId = createUniqueId();
  const it = (): Instance => props.instance;
  const small = (): boolean => props.size === "small";
  const queued = (): boolean => it().state === "queued";
  const stopWord = (): string => (queued() ? t("card.cancel") : t("card.stop"));
  /** Once: a notice that it ends soon has the button as well. */
  const offersExtend = (): boolean =>
    isOwn(me(), it()) && mayExtend(it()) && openNotice(it(), props.now())?.ends !== true;
  const underWay = (): boolean => it().state === "queued" || it().state === "starting";
  createEffect(
    on(
      () => it().state,
      (state) => announce(t("desktops.announce", { name: it().name, state: t(`state.${state}`) })),
      { defer: true },
    ),
  );
  return (
    <li
      class={`${styles["card"]} ${small() ? styles["row"] : ""}`}
      aria-labelledby={nameId}
      data-instance={it().id}
    >
      <div class={styles["about"]}>
        <div class={styles["head"]}>
          <h3 class={styles["name"]} id={nameId}>
            <A href={paths.desktop(it())}>{it().name}</A>
          </h3>
          <StateBadge
            state={it().state}
            extra={
              <Show when={it().state === "running" && it().startedAt}>
                {(at) => (
                  <>
                    {" "}
                    <Since at={at()} now={props.now} />
                  </>
                )}
              </Show>
            }
          />
        </div>
        <Facts
          instance={it()}
          now={props.now}
          since={props.since}
          onExtend={offersExtend() ? actions.extend : null}
        />
      </div>
      <Show
        when={actions.stopping.secondsLeft() === null}
        fallback={
          <Stopping grace={actions.stopping} size={props.size} keepsHome={keepsHome(me(), it())} />
        }
      >
        <div class={styles["actions"]} role="group" aria-labelledby={nameId}>
          <Button
            variant={props.crowded ? "soft" : "primary"}
            size={buttonSize(props.size)}
            disabledReason={whyNot(it().state, "connect")}
            onPointerEnter={preloadViewer}
            onFocus={preloadViewer}
            onClick={() => navigate(paths.desktop(it()))}
          >
            {t("card.connect")}
          </Button>
          <Show when={!small() || queued()}>
            <Button
              size={buttonSize(props.size)}
              disabledReason={whyNot(it().state, "stop")}
              onClick={actions.askStop}
            >
              {stopWord()}
            </Button>
          </Show>
          <Menu
            label={t("card.more", { name: it().name })}
            triggerClass={buttonClass({ variant: "quiet", icon: true })}
            trigger={<Ellipsis size={18} aria-hidden="true" />}
          >
            <Show when={small()}>
              <MenuItem disabledReason={whyNot(it().state, "stop")} onSelect={actions.askStop}>
                {stopWord()}
              </MenuItem>
            </Show>
            <Show when={isOwn(me(), it())}>
              <MenuItem
                disabledReason={whyNot(it().state, "restart")}
                onSelect={actions.askRestart}
              >
                {t("card.restart")}
              </MenuItem>
            </Show>
          </Menu>
        </div>
      </Show>
      <Show when={whyText(it(), props.now())}>
        {(why) => (
          <p class={styles["reason"]}>
            {why()}
            <Show when={queued()}> {t("card.queuedHint")}</Show>
          </p>
        )}
      </Show>
      <Show when={queued() && it().reason !== null && isOwn(me(), it())}>
        <div class={styles["tell"]}>
          <TellMeButton id={it().id} size="small" />
        </div>
      </Show>
      <DesktopNotice
        instance={it()}
        now={props.now}
        onRestart={actions.askRestart}
        onExtend={actions.extend}
      />
      <Show when={underWay() && !small()}>
        <div class={styles["timeline"]}>
          <Ticking instance={it()} />
        </div>
      </Show>
      {actions.dialogs()}
    </li>
  );
}

const buttonSize = (size: InstanceCardProps["size"]): "large" | "medium" =>
  size === "large" ? "large" : "medium";

/** In place of the actions: what is about to happen, and the way back. */
function Stopping(props: {
  readonly grace: Grace;
  readonly size: InstanceCardProps["size"];
  readonly keepsHome: boolean;
}): JSX.Element {
  let undo: HTMLButtonElement | undefined;
  onMount(() => {
    announce(t("stop.announce"));
    undo?.focus();
  });
  return (
    <div class={styles["stopping"]} role="group" aria-label={t("stop.announce")}>
      <div>
        <p class={styles["countdown"]}>
          {t("stop.pending", { seconds: props.grace.secondsLeft() ?? 0 })}
        </p>
        <p>{t("stop.lost")}</p>
        <p>{props.keepsHome ? t("stop.kept") : t("stop.keptStation")}</p>
      </div>
      <div class={styles["actions"]}>
        <Button ref={(it) => (undo = it)} size={buttonSize(props.size)} onClick={props.grace.undo}>
          {t("stop.undo")}
        </Button>
        <Button size={buttonSize(props.size)} variant="danger" onClick={props.grace.now}>
          {t("stop.now")}
        </Button>
      </div>
    </div>
  );
}

function Ticking(props: { readonly instance: Instance }): JSX.Element {
  return <TimelineView instance={props.instance} now={createNow(tickMs)} />;
}

function Facts(props: {
  readonly instance: Instance;
  readonly now: Accessor<number>;
  readonly since: InstanceCardProps["since"];
  /** Null: it has no end that this person could move. */
  readonly onExtend: (() => void) | null;
}): JSX.Element {
  const it = (): Instance => props.instance;
  const me = useSignedIn();
  return (
    <dl class={styles["facts"]}>
      <Show when={isStation(me()) && !isOwn(me(), it())}>
        <Fact term={t("card.homeOf")}>{it().owner}</Fact>
      </Show>
      <Show when={!isStation(me()) && it().station}>
        {(name) => <Fact term={t("card.station")}>{name()}</Fact>}
      </Show>
      <Show when={props.since !== null && it().startedAt}>
        {(at) => (
          <Fact term={t("card.since")}>
            <ClockTime at={at()} now={props.now} precise={props.since === "second"} />
          </Fact>
        )}
      </Show>
      <Show
        when={it().name !== it().environmentName}
        fallback={<Fact term={t("card.version")}>{it().version}</Fact>}
      >
        <Fact term={it().environmentName}>{it().version}</Fact>
      </Show>
      <Show when={it().experiment}>
        {(name) => <Fact term={t("card.experiment")}>{name()}</Fact>}
      </Show>
      <Show when={it().node}>
        {(node) => (
          <Fact term={t("card.node")}>
            <code>{node().name}</code>
          </Fact>
        )}
      </Show>
      <Show when={it().state === "queued" && it().queue}>
        {(queue) => (
          <div class={styles["fact"]}>
            <dt class="visually-hidden">{t("state.queued")}</dt>
            <dd>
              <QueuePlace queue={queue()} now={props.now} />
            </dd>
          </div>
        )}
      </Show>
      <Show when={allows(it().state, "connect") && it().expiresAt}>
        {(at) => (
          <Fact term={t("card.ends")}>
            <Ahead at={at()} now={props.now} />
            <Show when={props.onExtend}>
              {(extend) => (
                <>
                  {" · "}
                  <Button
                    variant="link"
                    class={styles["extend"] ?? ""}
                    aria-label={t("card.extendWhat", { name: it().name })}
                    onClick={() => extend()()}
                  >
                    {t("card.extend")}
                  </Button>
                </>
              )}
            </Show>
          </Fact>
        )}
      </Show>
    </dl>
  );
}

function Fact(props: { readonly term: string; readonly children: JSX.Element }): JSX.Element {
  return (
    <div class={styles["fact"]}>
      <dt>{props.term}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
