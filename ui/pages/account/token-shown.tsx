import Check from "lucide-solid/icons/check";
import Copy from "lucide-solid/icons/copy";
import { createSignal, onMount, Show, type JSX } from "solid-js";
import type { NewToken } from "../../../gateway/schemas.ts";
import { announce } from "../../kit/announcer.tsx";
import { Button } from "../../kit/button.tsx";
import { Notice } from "../../kit/notice.tsx";
import { t } from "../../messages/messages.ts";
import { writeClipboard } from "../../viewer/clipboard.ts";
import styles from "./account.module.css";

/** As HTTP has it, in every language. */
const header = "Authorization: Bearer asci_…";

/** A token, this once. */
export function TokenShown(props: {
  readonly token: NewToken;
  readonly onDone: () => void;
}): JSX.Element {
  const [said, setSaid] = createSignal<"tokens.copied" | "tokens.copyBlocked" | null>(null);
  let field: HTMLTextAreaElement | undefined;
  const mark = (): void => {
    field?.focus();
    field?.select();
  };
  // What had the focus is gone with the form.
  onMount(mark);
  const copy = async (): Promise<void> => {
    const copied = await writeClipboard(props.token.token);
    if (!copied) mark();
    const message = copied ? "tokens.copied" : "tokens.copyBlocked";
    setSaid(message);
    announce(t(message));
  };
  return (
    <div class={styles["form"]}>
      <Notice tone="attention" title={t("tokens.shownOnce")} lines={[t("tokens.shownKeep")]} />
      <div class={styles["shown"]}>
        <textarea
          ref={(it) => (field = it)}
          class={styles["token"]}
          aria-label={t("tokens.shownLabel")}
          value={props.token.token}
          rows={2}
          readOnly
          spellcheck={false}
          autocomplete="off"
          onFocus={(event) => event.currentTarget.select()}
        />
        <div class={styles["copy"]}>
          <Button variant="primary" onClick={() => void copy()}>
            <Show
              when={said() === "tokens.copied"}
              fallback={<Copy size={16} aria-hidden="true" />}
            >
              <Check size={16} aria-hidden="true" />
            </Show>
            {t("tokens.copy")}
          </Button>
          <Show when={said()}>{(message) => <span>{t(message())}</span>}</Show>
        </div>
      </div>
      <div class={styles["use"]}>
        <p>{t("tokens.use")}</p>
        <code>{header}</code>
      </div>
      <div class={styles["actions"]}>
        <Button onClick={() => props.onDone()}>{t("tokens.done")}</Button>
      </div>
    </div>
  );
}
