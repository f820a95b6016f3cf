import { For, Show, type Accessor, type JSX } from "solid-js";
import { allows } from "../../db/states.ts";
import type { Instance } from "../../gateway/schemas.ts";
import { Button } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import { noticeWords, type NoticeWords } from "./notice-words.ts";
import { isPutOff, putOffNotice } from "./put-off.ts";
import { isOwn } from "./station.ts";
import { useSignedIn } from "./signed-in-context.ts";
import { whyNot } from "./why-not.ts";
import styles from "./desktop-notice.module.css";

const hourMs = 3_600_000;

/** What is asked and not put off. */
export function openNotice(instance: Instance, nowMs: number): NoticeWords | null {
  const { notice } = instance;
  if (notice === null || isPutOff(instance.id, notice, nowMs)) return null;
  return noticeWords(instance, nowMs);
}

interface DesktopNoticeProps {
  readonly instance: Instance;
  readonly now: Accessor<number>;
  readonly onRestart: () => void;
  readonly onExtend: () => void;
  /** Over the desktop: in fewer words. */
  readonly slim?: boolean;
}

/** What the people of a desktop are asked, calmly, with what to do about it and the way to put it off. */
export function DesktopNotice(props: DesktopNoticeProps): JSX.Element {
  const me = useSignedIn();
  const it = (): Instance => props.instance;
  const own = (): boolean => isOwn(me(), it());
  const later = (): void => {
    const { notice } = it();
    if (notice === null) return;
    putOffNotice(it().id, notice, props.now() + hourMs, props.now());
  };
  return (
    <Show when={openNotice(it(), props.now())}>
      {(words) => (
        <div
          class={`${styles["notice"]} ${props.slim === true ? styles["slim"] : ""}`}
          role="group"
          aria-label={t("notice.about", { name: it().name })}
        >
          <div class={styles["text"]}>
            <p class={styles["title"]}>{words().title}</p>
            <For each={words().lines.filter((line) => line !== null)}>
              {(line) => <p>{line}</p>}
            </For>
          </div>
          <div class={styles["actions"]}>
            <Show when={own() && !words().ends}>
              <Button
                size="small"
                disabledReason={whyNot(it().state, "restart")}
                onClick={props.onRestart}
              >
                {t("notice.restart")}
              </Button>
            </Show>
            <Show when={own() && words().ends && mayExtend(it())}>
              <Button size="small" onClick={props.onExtend}>
                {t("card.extend")}
              </Button>
            </Show>
            <Button size="small" variant="quiet" onClick={later}>
              {words().ends ? t("notice.close") : t("notice.later")}
            </Button>
          </div>
        </div>
      )}
    </Show>
  );
}

/** It has an end, and its state lets that be moved. */
export const mayExtend = (instance: Instance): boolean =>
  instance.expiresAt !== null && allows(instance.state, "extend");
