import { createEffect, createSignal, onMount, Show, type JSX } from "solid-js";
import { announce } from "../kit/announcer.tsx";
import { Button } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import { readClipboard, writeClipboard } from "./clipboard.ts";
import styles from "./clipboard-panel.module.css";

interface ClipboardPanelProps {
  readonly id: string;
  /** What was last copied inside the desktop. */
  readonly remote: string;
  /** There is no connection to send anything over. */
  readonly away: boolean;
  readonly onSend: (text: string) => void;
  readonly onClose: () => void;
}

/** Text to and from the desktop, for browsers that do not let a page do it by itself. */
export function ClipboardPanel(props: ClipboardPanelProps): JSX.Element {
  const [text, setText] = createSignal("");
  const [said, setSaid] = createSignal<string | null>(null);
  let field: HTMLTextAreaElement | undefined;
  createEffect(() => setText(props.remote));
  onMount(() => {
    field?.focus();
    field?.select();
  });
  const say = (message: string): void => {
    setSaid(message);
    announce(message);
  };
  const away = (): string | null => (props.away ? t("clipboard.away") : null);
  const take = async (): Promise<void> => {
    const mine = await readClipboard();
    if (mine === null) return say(t("clipboard.blocked"));
    setText(mine);
    // The connection may have gone while the browser asked for permission.
    if (props.away) return say(t("clipboard.away"));
    send();
  };
  const send = (): void => {
    props.onSend(text());
    say(t("clipboard.sent"));
  };
  const copy = async (): Promise<void> => {
    if (await writeClipboard(text())) return say(t("clipboard.copied"));
    field?.select();
    say(t("clipboard.blocked"));
  };
  return (
    // Escape closes it from each of its controls.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      id={props.id}
      class={styles["panel"]}
      role="group"
      aria-label={t("clipboard.title")}
      onKeyDown={(event) => event.key === "Escape" && props.onClose()}
    >
      <label class={styles["label"]}>
        {t("clipboard.text")}
        <textarea
          ref={(it) => (field = it)}
          class={styles["text"]}
          value={text()}
          spellcheck={false}
          autocapitalize="none"
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <div class={styles["actions"]}>
        <Button variant="primary" size="small" disabledReason={away()} onClick={send}>
          {t("clipboard.send")}
        </Button>
        <Button size="small" disabledReason={away()} onClick={() => void take()}>
          {t("clipboard.paste")}
        </Button>
        <Button size="small" onClick={() => void copy()}>
          {t("clipboard.copy")}
        </Button>
      </div>
      <p class={styles["hint"]}>
        <Show when={said()} fallback={t("clipboard.hint")}>
          {(message) => message()}
        </Show>
      </p>
    </div>
  );
}
