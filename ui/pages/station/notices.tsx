import { Show, type Accessor, type JSX } from "solid-js";
import type { AtStation } from "../../../gateway/station-schemas.ts";
import { formatClock, formatRelative } from "../../components/time.ts";
import { Notice } from "../../kit/notice.tsx";
import { locale } from "../../messages/messages.ts";
import { t } from "../../messages/station.ts";

interface Here {
  readonly here: AtStation;
  readonly now: Accessor<number>;
}

const soonMs = 30 * 60_000;

/** Says in good time that what is open here will end, and what to do about it. */
export function EndingSoon(props: Here): JSX.Element {
  const soon = () =>
    props.here.experiments.find((it) => Date.parse(it.endsAt) - props.now() <= soonMs);
  return (
    <Show when={soon()}>
      {(it) => (
        <Notice
          tone="attention"
          title={t("station.endsSoon", {
            code: it().code,
            when: formatRelative(
              Math.max(Date.parse(it().endsAt), props.now()),
              props.now(),
              locale(),
            ),
          })}
          lines={[t(`station.endsSoon.${props.here.ending}`), t("station.endsSoonSave")]}
          urgent
        />
      )}
    </Show>
  );
}

/** Nothing can be started here now, and when that will be otherwise. */
export function NothingRuns(props: Here): JSX.Element {
  const next = (): string => {
    const it = props.here.next;
    if (it === null) return t("station.noNext");
    const atMs = Date.parse(it.startsAt);
    return t("station.next", {
      code: it.code,
      when: formatRelative(Math.max(atMs, props.now()), props.now(), locale()),
      time: formatClock(atMs, props.now(), locale(), false),
    });
  };
  return <Notice tone="info" title={t("station.nothing")} lines={[next()]} />;
}
