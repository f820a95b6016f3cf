import { Match, Switch, type Accessor, type JSX } from "solid-js";
import type { Availability as Answer } from "../../gateway/use-schemas.ts";
import { getAvailability } from "../api/calls.ts";
import { useQuery } from "../api/use-query.ts";
import { locale, t } from "../messages/messages.ts";
import { ErrorNotice } from "./error-notice.tsx";
import { Loading } from "./loading.tsx";
import { createNow } from "./now.ts";
import { reasonText } from "./reason.ts";
import { formatClock } from "./time.ts";
import styles from "./environment-card.module.css";

interface AvailabilityProps {
  readonly slug: string;
  /** A code; empty: without one. */
  readonly experiment: string;
}

/** Whether there is room for one more, and else when. Fetched with the code that shows it, by who asks. */
export function Availability(props: AvailabilityProps): JSX.Element {
  const now = createNow(10_000);
  const query = useQuery(() => ({
    queryKey: ["availability", props.slug, props.experiment],
    queryFn: ({ signal }) => getAvailability(props.slug, props.experiment, signal),
    refetchInterval: 30_000,
  }));
  const answer = () => (query.isPending ? undefined : query.data);
  return (
    <div class={styles["room"]} role="status">
      <Switch>
        <Match when={answer()}>{(it) => <Words answer={it()} now={now} />}</Match>
        <Match when={query.isError}>
          <ErrorNotice error={query.error} doing="look" retry={() => void query.refetch()} />
        </Match>
        <Match when={query.isPending}>
          <Loading />
        </Match>
      </Switch>
    </div>
  );
}

function Words(props: { readonly answer: Answer; readonly now: Accessor<number> }): JSX.Element {
  const why = (): string | null => {
    const { code, text } = props.answer;
    return code === null ? null : reasonText({ code, text });
  };
  return (
    <>
      <p class={props.answer.fits === "now" ? styles["free"] : styles["later"]}>
        {roomText(props.answer, props.now())}
      </p>
      <p>{why()}</p>
    </>
  );
}

function roomText({ fits, at, basis }: Answer, nowMs: number): string {
  switch (fits) {
    case "now":
      return t("room.now");
    case "never":
      return t("room.never");
    case "unknown":
      return t("room.unknown");
    case "later": {
      if (at === null) return t("room.unknown");
      const time = formatClock(Date.parse(at), nowMs, locale(), false);
      return basis === null ? t("room.later", { time }) : t(`room.later.${basis}`, { time });
    }
  }
}
