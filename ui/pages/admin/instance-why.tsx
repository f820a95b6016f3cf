import { For, Match, Show, Switch, type Accessor, type JSX } from "solid-js";
import { Dynamic } from "solid-js/web";
import { getAnyInstance, type AdminInstanceDetail } from "../../api/admin-calls.ts";
import { useQuery } from "../../api/use-query.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Loading } from "../../components/loading.tsx";
import { Moment } from "../../components/moment.tsx";
import { estimateText } from "../../components/queue-estimate.ts";
import { reasonText } from "../../components/reason.ts";
import { Button } from "../../kit/button.tsx";
import { t } from "../../messages/scheduler.ts";
import { bytesText, numberText } from "./amounts.ts";
import { Fact } from "./fact.tsx";
import { refusalOf } from "./refusals.ts";
import admin from "./admin.module.css";
import styles from "./why.module.css";

interface InstanceWhyProps {
  readonly id: string;
  readonly now: Accessor<number>;
  /** It stands by itself, not below the row that says what it is of. */
  readonly named?: boolean;
  readonly onClose?: () => void;
}

type Placement = NonNullable<AdminInstanceDetail["placement"]>;

/** Why an instance is on its node, or what it waits for. */
export function InstanceWhy(props: InstanceWhyProps): JSX.Element {
  const query = useQuery(() => ({
    queryKey: ["admin-instance", props.id],
    queryFn: ({ signal }) => getAnyInstance(props.id, signal),
    refetchInterval: 10_000,
  }));
  const it = () => (query.isPending ? undefined : query.data);
  return (
    <div class={`${styles["why"]} ${props.named === true ? styles["alone"] : ""}`}>
      <Show when={props.onClose}>
        {(close) => (
          <div class={styles["close"]}>
            <Button size="small" onClick={() => close()()}>
              {t("instances.whyLess")}
            </Button>
          </div>
        )}
      </Show>
      <Switch>
        <Match when={it()}>
          {(instance) => (
            <>
              <Show when={props.named}>
                <h2 class={styles["name"]}>
                  {instance().name} <code>{instance().owner.username}</code>
                </h2>
              </Show>
              <Waits instance={instance()} now={props.now} />
              <Show
                when={instance().placement}
                fallback={
                  <p class={admin["muted"]}>
                    {instance().startedAt === null ? t("why.never") : t("why.gone")}
                  </p>
                }
              >
                {(placement) => (
                  <Placed
                    placement={placement()}
                    now={props.now}
                    heading={props.named === true ? "h3" : "h2"}
                  />
                )}
              </Show>
            </>
          )}
        </Match>
        <Match when={query.isError}>
          <Show
            when={refusalOf(query.error)}
            fallback={
              <ErrorNotice error={query.error} doing="look" retry={() => void query.refetch()} />
            }
          >
            {(refusal) => <p>{refusal().what}</p>}
          </Show>
        </Match>
        <Match when={query.isPending}>
          <Loading />
        </Match>
      </Switch>
    </div>
  );
}

/** The reason of its state, and where it stands in the queue. */
function Waits(props: {
  readonly instance: AdminInstanceDetail;
  readonly now: Accessor<number>;
}): JSX.Element {
  const it = (): AdminInstanceDetail => props.instance;
  return (
    <Show when={it().reason ?? it().queue}>
      <div class={styles["waits"]}>
        <Show when={it().reason}>{(reason) => <p>{reasonText(reason())}</p>}</Show>
        <Show when={it().queue}>
          {(queue) => (
            <p>
              {t("card.queuePosition", { position: queue().position })}
              {" · "}
              {estimateText(queue(), props.now()) ?? t("queue.noEstimate")}
            </p>
          )}
        </Show>
      </div>
    </Show>
  );
}

function Placed(props: {
  readonly placement: Placement;
  readonly now: Accessor<number>;
  readonly heading: "h2" | "h3";
}): JSX.Element {
  const it = (): Placement => props.placement;
  const refused = () => Object.entries(it().filtered).filter(([, count]) => count > 0);
  return (
    <div class={styles["placed"]}>
      <dl class={styles["facts"]}>
        <Fact name={t("why.placedOn")}>
          <code>{it().node}</code>{" "}
          <span class={admin["muted"]}>
            <Moment at={it().at} now={props.now} />
          </span>
        </Fact>
        <Fact name={t("why.strategy")}>{strategyText(it().strategy)}</Fact>
        <Fact name={t("why.rules")}>
          <Show
            when={it().rules !== undefined && (it().rules?.length ?? 0) > 0}
            fallback={<span class={admin["muted"]}>{t("why.noRules")}</span>}
          >
            <ol class={admin["plain"]}>
              <For each={it().rules}>{(name) => <li>{name}</li>}</For>
            </ol>
          </Show>
        </Fact>
        <Show when={(it().gpus?.length ?? 0) > 0}>
          <Fact name={t("nodes.gpus")}>
            <ul class={admin["plain"]}>
              <For each={it().gpus}>
                {(gpu) => (
                  <li>
                    <code>{gpu.uuid}</code> {bytesText(gpu.memoryBytes)}
                  </li>
                )}
              </For>
            </ul>
          </Fact>
        </Show>
        <Fact name={t("why.refused")}>
          <Show
            when={refused().length > 0}
            fallback={<span class={admin["muted"]}>{t("why.noneRefused")}</span>}
          >
            <ul class={admin["plain"]}>
              <For each={refused()}>
                {([filter, count]) => (
                  <li>
                    <strong>{numberText(count)}</strong> {filterText(filter)}
                  </li>
                )}
              </For>
            </ul>
          </Show>
        </Fact>
      </dl>
      <Best placement={it()} heading={props.heading} />
    </div>
  );
}

/** The five with the most points, with where these are from. */
function Best(props: {
  readonly placement: Placement;
  readonly heading: "h2" | "h3";
}): JSX.Element {
  const most = (): number => Math.max(...props.placement.best.map((it) => it.score), 1);
  return (
    <div class={styles["best"]}>
      <Dynamic component={props.heading}>{t("why.best")}</Dynamic>
      <ol class={styles["list"]}>
        <For each={props.placement.best}>
          {(one) => (
            <li class={one.node === props.placement.node ? styles["chosen"] : ""}>
              <div class={styles["head"]}>
                <code>{one.node}</code>
                <Show when={one.node === props.placement.node}>
                  <span class={styles["mark"]}>{t("why.chosen")}</span>
                </Show>
                <span class={styles["score"]}>{t("why.points", { count: one.score })}</span>
              </div>
              <div class={styles["track"]} aria-hidden="true">
                <div style={{ width: `${Math.max(0, one.score / most()) * 100}%` }} />
              </div>
              <ul class={styles["lines"]}>
                <For each={one.lines} fallback={<li>{t("why.noLines")}</li>}>
                  {(line) => (
                    <li>
                      <span>{line.rule}</span>
                      <span>{numberText(line.points)}</span>
                    </li>
                  )}
                </For>
              </ul>
            </li>
          )}
        </For>
      </ol>
    </div>
  );
}

function strategyText(strategy: string): string {
  return strategy === "pack" || strategy === "spread" ? t(`why.strategy.${strategy}`) : strategy;
}

const filters = [
  "ready",
  "schedulable",
  "draining",
  "labels",
  "dedicated",
  "reserved",
  "gathered",
  "cpus",
  "memory",
  "gpus",
] as const;

/** A filter in the reader's words; one that this page does not know by its own name. */
function filterText(filter: string): string {
  const known = filters.find((it) => it === filter);
  return known === undefined ? filter : t(`why.filter.${known}`);
}
