import { Show, type Accessor, type JSX } from "solid-js";
import type { Instance } from "../../gateway/schemas.ts";
import { locale, t } from "../messages/messages.ts";
import { estimateText } from "./queue-estimate.ts";
import {
  describeDuration,
  formatClock,
  formatDay,
  formatExact,
  formatRelative,
  isSoon,
} from "./time.ts";

/** A duration in the reader's language; reactive. */
export function durationText(ms: number): string {
  const it = describeDuration(ms, locale());
  switch (it.key) {
    case "duration.seconds":
      return t(it.key, it.parameters);
    case "duration.minutes":
      return t(it.key, it.parameters);
    case "duration.hours":
      return t(it.key, it.parameters);
    case "duration.hoursOnly":
      return t(it.key, it.parameters);
    case "duration.days":
      return t(it.key, it.parameters);
    case "duration.daysOnly":
      return t(it.key, it.parameters);
  }
}

/** A moment, relative to now; the exact time on hover. `at`: ISO 8601. */
export function Moment(props: {
  readonly at: string;
  readonly now: Accessor<number>;
}): JSX.Element {
  const atMs = (): number => Date.parse(props.at);
  return (
    <time datetime={props.at} title={formatExact(atMs(), locale())}>
      {formatRelative(Math.min(atMs(), props.now()), props.now(), locale())}
    </time>
  );
}

/** The time of day of a moment, to the second where `precise`; the exact time on hover. */
export function ClockTime(props: {
  readonly at: string;
  readonly precise: boolean;
  readonly now: Accessor<number>;
}): JSX.Element {
  const atMs = (): number => Date.parse(props.at);
  return (
    <time datetime={props.at} title={formatExact(atMs(), locale())}>
      {formatClock(atMs(), props.now(), locale(), props.precise)}
    </time>
  );
}

/** A moment that lies ahead. */
export function Ahead(props: { readonly at: string; readonly now: Accessor<number> }): JSX.Element {
  const atMs = (): number => Date.parse(props.at);
  return (
    <time datetime={props.at} title={formatExact(atMs(), locale())}>
      {formatRelative(Math.max(atMs(), props.now()), props.now(), locale())}
    </time>
  );
}

/** The day of a moment that lies ahead, or how far it is where it is near; exact on hover. */
export function Until(props: { readonly at: string; readonly now: Accessor<number> }): JSX.Element {
  const atMs = (): number => Date.parse(props.at);
  return (
    <Show when={!isSoon(atMs(), props.now())} fallback={<Ahead at={props.at} now={props.now} />}>
      <time datetime={props.at} title={formatExact(atMs(), locale())}>
        {formatDay(atMs(), locale())}
      </time>
    </Show>
  );
}

/** Where one stands in the queue, and when a place is expected. */
export function QueuePlace(props: {
  readonly queue: NonNullable<Instance["queue"]>;
  readonly now: Accessor<number>;
}): JSX.Element {
  const exact = (): string | undefined =>
    props.queue.estimate === null
      ? undefined
      : formatExact(Date.parse(props.queue.estimate), locale());
  return (
    <>
      {t("card.queuePosition", { position: props.queue.position })}
      {" · "}
      <span title={exact()}>{estimateText(props.queue, props.now()) ?? t("queue.noEstimate")}</span>
    </>
  );
}

const minuteMs = 60_000;

/** How long since a moment, from a minute on; the exact time on hover. */
export function Since(props: { readonly at: string; readonly now: Accessor<number> }): JSX.Element {
  const atMs = (): number => Date.parse(props.at);
  return (
    <time datetime={props.at} title={formatExact(atMs(), locale())}>
      {props.now() - atMs() < minuteMs ? t("duration.short") : durationText(props.now() - atMs())}
    </time>
  );
}
