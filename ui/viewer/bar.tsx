import type RFB from "@novnc/novnc";
import ClipboardIcon from "lucide-solid/icons/clipboard";
import Image from "lucide-solid/icons/image";
import KeyboardIcon from "lucide-solid/icons/keyboard";
import LogOut from "lucide-solid/icons/log-out";
import Maximize from "lucide-solid/icons/maximize";
import Minimize from "lucide-solid/icons/minimize";
import { createSignal, createUniqueId, onCleanup, Show, type Accessor, type JSX } from "solid-js";
import type { Instance } from "../../gateway/schemas.ts";
import { BarNotice } from "./bar-notice.tsx";
import { StateShape } from "../components/state-badge.tsx";
import { Button, buttonClass } from "../kit/button.tsx";
import { Menu, MenuChoice } from "../kit/menu.tsx";
import { t } from "../messages/messages.ts";
import type { BarVisibility } from "./bar-visibility.ts";
import { ClipboardPanel } from "./clipboard-panel.tsx";
import type { ConnectionWord } from "./connection-word.ts";
import { canFullScreen, isFullScreen, toggleFullScreen } from "./full-screen.ts";
import { KeysMenu } from "./keys-menu.tsx";
import { qualities, readQuality, writeQuality } from "./quality.ts";
import { applyQuality } from "./screen.ts";
import styles from "./bar.module.css";

interface BarProps {
  readonly instance: Instance;
  readonly now: Accessor<number>;
  readonly onExtend: () => void;
  readonly word: ConnectionWord;
  /** The open connection; without it there is nothing to send keys to. */
  readonly rfb: RFB | null;
  readonly remoteText: string;
  /** The desktop has the size of another window. */
  readonly foreignSize: boolean;
  readonly visibility: BarVisibility;
  readonly toDesktop: () => void;
  readonly onLeave: () => void;
}

/** The slim bar at the top edge: slides in on approach, on focus, or on a tap of its tab. */
export function Bar(props: BarProps): JSX.Element {
  const [clipboard, setClipboard] = createSignal(false);
  const clipboardId = createUniqueId();
  const bar = (): BarVisibility => props.visibility;
  const closeClipboard = (): void => {
    setClipboard(false);
    bar().release("clipboard");
    props.toDesktop();
  };
  const toggleClipboard = (): void => {
    if (clipboard()) return closeClipboard();
    setClipboard(true);
    bar().hold("clipboard");
  };
  onCleanup(() => bar().release("clipboard"));
  /** From one menu to the next: only when nothing else was opened do the keys go to the desktop. */
  const afterMenu = (): void => {
    setTimeout(() => {
      if (bar().hasPanel()) return;
      if (bar().hasPointer()) props.rfb?.focus({ preventScroll: true });
      else props.toDesktop();
    });
  };
  return (
    <div
      class={styles["zone"]}
      onPointerEnter={() => bar().enter()}
      onPointerLeave={() => bar().leave()}
    >
      <Show when={!bar().shown()}>
        <button
          type="button"
          class={styles["tab"]}
          aria-label={t("viewer.showBar")}
          title={t("viewer.showBar")}
          onClick={() => bar().open()}
          onFocus={(event) => event.currentTarget.matches(":focus-visible") && bar().open()}
        >
          <span />
        </button>
      </Show>
      <div
        ref={(it) => bar().attach(it)}
        class={`${styles["bar"]} ${bar().shown() ? "" : styles["hidden"]}`}
        role="toolbar"
        aria-label={t("viewer.bar")}
        onFocusIn={() => bar().hold("focus")}
        onFocusOut={(event) => {
          // From one control to the next it must not turn inert in between.
          const next = event.relatedTarget;
          const within = next instanceof Node && event.currentTarget.contains(next);
          if (!within) bar().release("focus");
        }}
        inert={!bar().shown()}
      >
        <div class={styles["about"]}>
          <span class={styles["name"]} title={props.instance.name}>
            {props.instance.name}
          </span>
          <Show when={props.instance.node}>
            {(node) => <code class={styles["node"]}>{node().name}</code>}
          </Show>
        </div>
        <State word={props.word} />
        <BarNotice instance={props.instance} now={props.now} onExtend={props.onExtend} />
        <Show when={props.foreignSize}>
          <span class={styles["size"]}>{t("viewer.foreignSize")}</span>
        </Show>
        <span class={styles["line"]} />
        <Button
          variant="quiet"
          size="small"
          aria-expanded={clipboard()}
          aria-controls={clipboard() ? clipboardId : undefined}
          onClick={toggleClipboard}
        >
          <BarLabel icon={ClipboardIcon} text={t("viewer.clipboard")} />
        </Button>
        <KeysMenu
          rfb={props.rfb}
          trigger={<BarLabel icon={KeyboardIcon} text={t("viewer.keys")} />}
          triggerClass={buttonClass({ variant: "quiet", size: "small" })}
          onOpenChange={(open) => (open ? bar().hold("keys") : bar().release("keys"))}
          onClosed={afterMenu}
        />
        <QualityMenu bar={bar()} rfb={props.rfb} onClosed={afterMenu} />
        <Show when={canFullScreen()}>
          <Button
            variant="quiet"
            size="small"
            onClick={() => {
              void toggleFullScreen();
              props.toDesktop();
            }}
          >
            <Show
              when={isFullScreen()}
              fallback={<BarLabel icon={Maximize} text={t("viewer.fullScreen")} />}
            >
              <BarLabel icon={Minimize} text={t("viewer.exitFullScreen")} />
            </Show>
          </Button>
        </Show>
        <span class={styles["line"]} />
        <Button size="small" onClick={props.onLeave}>
          <LogOut size={16} aria-hidden="true" />
          {t("viewer.leave")}
        </Button>
      </div>
      <Show when={clipboard()}>
        <div class={styles["panel"]}>
          <ClipboardPanel
            id={clipboardId}
            remote={props.remoteText}
            away={props.rfb === null}
            onSend={(text) => props.rfb?.clipboardPasteFrom(text)}
            onClose={closeClipboard}
          />
        </div>
      </Show>
    </div>
  );
}

/** An icon with its word; the word is for screen readers alone where there is no room. */
function BarLabel(props: {
  readonly icon: (props: { size: number; "aria-hidden": "true" }) => JSX.Element;
  readonly text: string;
}): JSX.Element {
  return (
    <>
      <props.icon size={16} aria-hidden="true" />
      <span class={styles["word"]} aria-hidden="true">
        {props.text}
      </span>
      <span class="visually-hidden">{props.text}</span>
    </>
  );
}

function State(props: { readonly word: ConnectionWord }): JSX.Element {
  const tone = (): string =>
    props.word === "connected"
      ? (styles["good"] ?? "")
      : props.word === "connecting"
        ? ""
        : (styles["poor"] ?? "");
  const shape = () => {
    switch (props.word) {
      case "connected":
        return "running" as const;
      case "connecting":
      case "reconnecting":
        return "starting" as const;
      case "offline":
      case "ended":
        return "lost" as const;
    }
  };
  return (
    <span class={`${styles["state"]} ${tone()}`}>
      <StateShape state={shape()} />
      <span class={styles["word"]} aria-hidden="true">
        {t(`viewer.state.${props.word}`)}
      </span>
      <span class="visually-hidden">{t(`viewer.state.${props.word}`)}</span>
    </span>
  );
}

function QualityMenu(props: {
  readonly bar: BarVisibility;
  readonly rfb: RFB | null;
  readonly onClosed: () => void;
}): JSX.Element {
  const [quality, setQuality] = createSignal(readQuality());
  return (
    <Menu
      label={null}
      trigger={<BarLabel icon={Image} text={t("viewer.picture")} />}
      triggerClass={buttonClass({ variant: "quiet", size: "small" })}
      placement="bottom"
      onOpenChange={(open) => (open ? props.bar.hold("picture") : props.bar.release("picture"))}
      onClosed={props.onClosed}
    >
      <MenuChoice
        label={t("quality.title")}
        value={quality()}
        options={qualities.map((value) => ({
          value,
          text: t(`quality.${value}`),
          note: t(`quality.${value}Text`),
        }))}
        onChange={(value) => {
          setQuality(value);
          writeQuality(value);
          if (props.rfb !== null) applyQuality(props.rfb, value);
        }}
      />
    </Menu>
  );
}
