import { createUniqueId, Show, type Accessor, type JSX } from "solid-js";
import type { Instance } from "../../gateway/schemas.ts";
import { Button } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import { preloadViewer } from "../routes-preload.ts";
import { useInstanceActions } from "./instance-actions.tsx";
import { Moment } from "./moment.tsx";
import { StateBadge } from "./state-badge.tsx";
import { whyNot } from "./why-not.ts";
import { reasonText } from "./reason.ts";
import styles from "./recent-row.module.css";

/** One ended instance: what happened, and the way to have it again. */
export function RecentRow(props: {
  readonly instance: Instance;
  readonly now: Accessor<number>;
}): JSX.Element {
  const actions = useInstanceActions(() => props.instance);
  const nameId = createUniqueId();
  const it = (): Instance => props.instance;
  return (
    <li class={styles["row"]}>
      <div class={styles["about"]}>
        <div class={styles["head"]}>
          <h3 class={styles["name"]} id={nameId}>
            {it().name}
          </h3>
          <StateBadge state={it().state} />
          <span class={styles["note"]}>
            {it().version} {" · "}
            <Moment at={it().endedAt ?? it().createdAt} now={props.now} />
          </span>
        </div>
        <Show when={it().reason}>
          {(reason) => <p class={styles["reason"]}>{reasonText(reason())}</p>}
        </Show>
      </div>
      <Button
        aria-describedby={nameId}
        disabledReason={whyNot(it().state, "restart")}
        onPointerEnter={preloadViewer}
        onFocus={preloadViewer}
        onClick={actions.askRestart}
      >
        {t("card.startAgain")}
      </Button>
      {actions.dialogs()}
    </li>
  );
}
