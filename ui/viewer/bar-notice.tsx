import { Show, type Accessor, type JSX } from "solid-js";
import type { Instance } from "../../gateway/schemas.ts";
import { mayExtend, openNotice } from "../components/desktop-notice.tsx";
import { Ahead } from "../components/moment.tsx";
import { putOffNotice } from "../components/put-off.ts";
import { useSignedIn } from "../components/signed-in-context.ts";
import { isOwn } from "../components/station.ts";
import { Button } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import styles from "./bar.module.css";

interface BarNoticeProps {
  readonly instance: Instance;
  readonly now: Accessor<number>;
  readonly onExtend: () => void;
}

/** An end that is further off is no matter for the bar. */
const nearMs = 60 * 60_000;

/** What of the desktop's time and place its people should know: its end, and a notice that they have put off. */
export function BarNotice(props: BarNoticeProps): JSX.Element {
  const me = useSignedIn();
  const it = (): Instance => props.instance;
  const near = (): string | null => {
    const { expiresAt } = it();
    return expiresAt !== null && Date.parse(expiresAt) - props.now() < nearMs ? expiresAt : null;
  };
  const hidden = () => {
    const { notice } = it();
    const shown = openNotice(it(), props.now()) !== null;
    return notice === null || notice.code === "ends_soon" || shown ? null : notice;
  };
  return (
    <>
      <Show when={near()}>
        {(at) => (
          <span class={styles["ends"]}>
            {t("card.ends")} <Ahead at={at()} now={props.now} />
          </span>
        )}
      </Show>
      <Show when={near() !== null && isOwn(me(), it()) && mayExtend(it())}>
        <Button size="small" onClick={props.onExtend}>
          {t("card.extend")}
        </Button>
      </Show>
      <Show when={hidden()}>
        {(notice) => (
          <Button
            size="small"
            class={styles["asked"] ?? ""}
            onClick={() => putOffNotice(it().id, notice(), 0, props.now())}
          >
            {t("notice.show")}
          </Button>
        )}
      </Show>
    </>
  );
}
