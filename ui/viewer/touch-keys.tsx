import type RFB from "@novnc/novnc";
import ArrowDown from "lucide-solid/icons/arrow-down";
import ArrowLeft from "lucide-solid/icons/arrow-left";
import ArrowRight from "lucide-solid/icons/arrow-right";
import ArrowUp from "lucide-solid/icons/arrow-up";
import KeyboardIcon from "lucide-solid/icons/keyboard";
import { createEffect, createSignal, For, on, onCleanup, Show, type JSX } from "solid-js";
import { t } from "../messages/messages.ts";
import {
  diffText,
  functionKey,
  modifiers,
  namedKeys,
  type Key,
  type Modifier,
  type NamedKey,
} from "./keys.ts";
import { sendChange } from "./send-keys.ts";
import styles from "./touch-keys.module.css";

/**
 * What the field holds when nothing was typed: something to delete, or an on-screen keyboard has no
 * reason to send a backspace.
 */
const filler = "_".repeat(64);

/** The keys that a tablet's keyboard lacks, and the way to raise that keyboard. */
export function TouchKeys(props: {
  /** Null: there is nothing to send keys to just now. */
  readonly rfb: RFB | null;
}): JSX.Element {
  const [held, setHeld] = createSignal<ReadonlySet<Modifier>>(new Set());
  const [functions, setFunctions] = createSignal(false);
  const away = (): boolean => props.rfb === null;
  let input: HTMLTextAreaElement | undefined;
  let before = filler;

  const press = (modifier: Modifier, down: boolean): void => {
    const { keysym, code } = modifiers[modifier];
    if (props.rfb === null) return;
    props.rfb.sendKey(keysym, code, down);
    setHeld((all) => {
      const next = new Set(all);
      if (down) next.add(modifier);
      else next.delete(modifier);
      return next;
    });
  };
  /** Held modifiers are for one key: nobody remembers to let go of Ctrl. */
  const letGo = (): void => {
    for (const modifier of held()) press(modifier, false);
  };
  const type = (key: Key): void => {
    props.rfb?.sendKey(key.keysym, key.code);
    letGo();
  };
  onCleanup(letGo);
  // Another connection knows nothing of what was held on the one before.
  createEffect(
    on(
      () => props.rfb,
      () => setHeld(new Set<Modifier>()),
      { defer: true },
    ),
  );

  const onInput = (field: HTMLTextAreaElement): void => {
    if (props.rfb !== null) sendChange(props.rfb, diffText(before, field.value));
    letGo();
    reset(field);
  };
  const reset = (field: HTMLTextAreaElement): void => {
    field.value = filler;
    field.setSelectionRange(filler.length, filler.length);
    before = filler;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // Keys with a name come as such; what is composed comes as a change of the text.
    if (event.isComposing || !(event.key in namedKeys)) return;
    event.preventDefault();
    type(namedKeys[event.key as NamedKey]);
  };

  /** Keeps the focus, and with it the on-screen keyboard, where it is. */
  const keepFocus = (event: PointerEvent): void => event.preventDefault();

  return (
    // Not inert while there is nothing to send to: that would take the field's focus, and with it the
    // on-screen keyboard, which only a tap brings back.
    <div
      class={`${styles["bar"]} ${away() ? styles["away"] : ""}`}
      role="toolbar"
      aria-label={t("keys.bar")}
      onPointerDown={keepFocus}
    >
      <Show when={functions()}>
        <div class={styles["row"]}>
          <For each={Array.from({ length: 12 }, (_, index) => index + 1)}>
            {(number) => (
              <button
                type="button"
                class={styles["key"]}
                aria-disabled={away()}
                onClick={() => type(functionKey(number))}
              >
                {t("key.function", { number })}
              </button>
            )}
          </For>
        </div>
      </Show>
      <div class={styles["main"]}>
        <div class={styles["row"]}>
          <For each={["Escape", "Tab"] as const}>
            {(name) => (
              <button
                type="button"
                class={styles["key"]}
                aria-disabled={away()}
                onClick={() => type(namedKeys[name])}
              >
                {t(`key.${name}`)}
              </button>
            )}
          </For>
          <For each={["ctrl", "alt", "super"] as const}>
            {(modifier) => (
              <button
                type="button"
                class={styles["key"]}
                aria-disabled={away()}
                aria-pressed={held().has(modifier)}
                onClick={() => press(modifier, !held().has(modifier))}
              >
                {t(`key.${modifier}`)}
              </button>
            )}
          </For>
          <For each={arrows()}>
            {(arrow) => (
              <button
                type="button"
                class={styles["key"]}
                aria-label={arrow.name}
                aria-disabled={away()}
                onClick={() => type(namedKeys[arrow.key])}
              >
                <arrow.icon size={18} aria-hidden="true" />
              </button>
            )}
          </For>
          <button
            type="button"
            class={styles["key"]}
            aria-expanded={functions()}
            onClick={() => setFunctions((it) => !it)}
          >
            {t("key.functions")}
          </button>
        </div>
        <button
          type="button"
          class={`${styles["key"]} ${styles["keyboard"]}`}
          onClick={() => {
            if (document.activeElement === input) input?.blur();
            else input?.focus({ preventScroll: true });
          }}
        >
          <KeyboardIcon size={18} aria-hidden="true" />
          {t("keys.keyboard")}
        </button>
      </div>
      <textarea
        ref={(field) => {
          input = field;
          reset(field);
        }}
        class={styles["input"]}
        aria-label={t("keys.input")}
        data-to-desktop=""
        autocapitalize="none"
        autocomplete="off"
        autocorrect="off"
        spellcheck={false}
        tabIndex={-1}
        onFocus={(event) => reset(event.currentTarget)}
        onInput={(event) => {
          if (!event.isComposing) onInput(event.currentTarget);
        }}
        onCompositionEnd={(event) => onInput(event.currentTarget)}
        onKeyDown={onKeyDown}
      />
    </div>
  );
}

const arrows = () =>
  [
    { key: "ArrowLeft", name: t("key.left"), icon: ArrowLeft },
    { key: "ArrowUp", name: t("key.up"), icon: ArrowUp },
    { key: "ArrowDown", name: t("key.down"), icon: ArrowDown },
    { key: "ArrowRight", name: t("key.right"), icon: ArrowRight },
  ] as const;
