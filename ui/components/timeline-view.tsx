import { createMemo, For, Match, Show, Switch, type Accessor, type JSX } from "solid-js";
import { isLive } from "../../db/states.ts";
import type { Instance } from "../../gateway/schemas.ts";
import { t } from "../messages/messages.ts";
import { durationText } from "./moment.tsx";
import { computeTimeline, type TimelineStep } from "./timeline.ts";
import styles from "./timeline-view.module.css";

/** How often the phase under way ticks: it is seen to move, and takes little from the desktop that is just starting. */
export const tickMs = 250;

interface TimelineViewProps {
  readonly instance: Instance;
  readonly now: Accessor<number>;
  /** One step a line, with what is usual for each. */
  readonly tall?: boolean;
}

/** The phases of a start, each with its own time; the one under way ticks. */
export function TimelineView(props: TimelineViewProps): JSX.Element {
  const timeline = createMemo(() =>
    computeTimeline(props.instance.timeline, props.now(), { ended: !isLive(props.instance.state) }),
  );
  const phases = timeline().steps.map((it) => it.phase);
  /** Then no history tells how long it takes. */
  const waitsForRoom = (): boolean =>
    props.instance.state === "queued" && props.instance.reason !== null;
  const step = (index: number): TimelineStep | undefined => timeline().steps[index];
  return (
    <ol
      class={`${styles["timeline"]} ${props.tall === true ? styles["tall"] : ""}`}
      aria-label={t("timeline.label", { name: props.instance.name })}
    >
      <For each={phases}>
        {(_, index) => (
          <Show when={step(index())}>
            {(it) => (
              <Step
                step={it()}
                node={props.instance.node?.name ?? null}
                tall={props.tall === true}
              />
            )}
          </Show>
        )}
      </For>
      <Show when={waitsForRoom() ? null : timeline().usualTotalMs}>
        {(ms) => (
          <li class={styles["usual"]}>
            {t("timeline.usuallyInAll", { duration: durationText(ms()) })}
          </li>
        )}
      </Show>
      <Show when={timeline().late}>
        <li class={styles["late"]}>{t("timeline.longer")}</li>
      </Show>
    </ol>
  );
}

function Step(props: {
  readonly step: TimelineStep;
  readonly node: string | null;
  readonly tall: boolean;
}): JSX.Element {
  const status = (): string => {
    switch (props.step.status) {
      case "done":
        return t("timeline.done");
      case "active":
        return t("timeline.now");
      case "pending":
        return t("timeline.next");
    }
  };
  const placed = (): string | null =>
    props.step.phase === "placed" && props.step.status === "done" ? props.node : null;
  return (
    <li
      class={`${styles["step"]} ${styles[props.step.status]}`}
      aria-current={props.step.status === "active" ? "step" : undefined}
      data-phase={props.step.phase}
    >
      <Mark status={props.step.status} />
      <span class="visually-hidden">{status()}</span>
      <span class={styles["label"]}>
        <Show when={placed()} fallback={t(`timeline.${props.step.phase}`)}>
          {(node) => (
            <>
              {t("timeline.placedOn")} <code>{node()}</code>
            </>
          )}
        </Show>
      </span>
      <Show when={props.tall && props.step.phase !== "placed" && props.step.status !== "done"}>
        <Show when={worthSaying(props.step.usualMs)}>
          {(ms) => (
            <span class={styles["stepUsual"]}>
              {t("timeline.usually", { duration: durationText(ms()) })}
            </span>
          )}
        </Show>
      </Show>
      <Show when={props.step.phase !== "placed" && props.step.ms !== null}>
        <span class={styles["time"]}>{durationText(props.step.ms ?? 0)}</span>
      </Show>
    </li>
  );
}

/** "Usually 0.0 s" tells nobody anything. */
const leastUsualMs = 100;

function worthSaying(usualMs: number | null): number | null {
  return usualMs === null || usualMs < leastUsualMs ? null : usualMs;
}

function Mark(props: { readonly status: TimelineStep["status"] }): JSX.Element {
  return (
    <svg
      class={`${styles["mark"]} ${props.status === "active" ? styles["turn"] : ""}`}
      viewBox="0 0 14 14"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
    >
      <Switch>
        <Match when={props.status === "done"}>
          <circle cx="7" cy="7" r="6.5" fill="currentColor" stroke="none" />
        </Match>
        <Match when={props.status === "active"}>
          <circle cx="7" cy="7" r="5.5" stroke-width="2" opacity="0.25" />
          <path d="M7 1.5A5.5 5.5 0 0 1 12.5 7" stroke-width="2" stroke-linecap="round" />
        </Match>
        <Match when={props.status === "pending"}>
          <circle cx="7" cy="7" r="5.75" stroke-width="1.5" />
        </Match>
      </Switch>
    </svg>
  );
}
