import { A } from "@solidjs/router";
import { createSignal, For, Show, type Accessor, type JSX } from "solid-js";
import { states, type State } from "../../../db/states.ts";
import type { NodeDetail } from "../../../gateway/node-schemas.ts";
import { Since } from "../../components/moment.tsx";
import { StateBadge } from "../../components/state-badge.tsx";
import { Button } from "../../kit/button.tsx";
import { StackedBar, Swatch } from "../../kit/stacked-bar.tsx";
import { t } from "../../messages/scheduler.ts";
import { paths } from "../../paths.ts";
import { bytesText, numberText, ofBytes, ofNumbers } from "./amounts.ts";
import { coloursOf, partsOf } from "./node-parts.ts";
import admin from "./admin.module.css";
import styles from "./node.module.css";

interface NodeCapacityProps {
  readonly node: NodeDetail;
  readonly now: Accessor<number>;
  /** The id of the desktop that is looked at. */
  readonly at: string | null;
  readonly onAt: (id: string | null) => void;
}

/** What its desktops hold of it, as bars and as the table behind them. */
export function NodeCapacity(props: NodeCapacityProps): JSX.Element {
  const it = (): NodeDetail => props.node;
  const segment =
    (amountText: (amount: number) => string) =>
    (name: string, owner: string, amount: number): string =>
      t("node.segment", { name, owner, amount: amountText(amount) });
  return (
    <section class={admin["section"]} aria-labelledby="capacity">
      <h2 id="capacity">{t("node.capacity")}</h2>
      <div class={styles["bars"]}>
        <StackedBar
          label={t("nodes.cpus")}
          total={it().capacity.cpus}
          parts={partsOf(
            it(),
            (one) => one.cpus,
            segment((cpus) => t("node.cpuCount", { count: cpus })),
          )}
          summary={summaryOf(it().allocated.cpus, it().capacity.cpus, ofNumbers, numberText)}
          hint={t("node.barHint")}
          at={props.at}
          onAt={props.onAt}
        />
        <StackedBar
          label={t("nodes.memory")}
          total={it().capacity.memoryBytes}
          parts={partsOf(it(), (one) => one.memoryBytes, segment(bytesText))}
          summary={summaryOf(
            it().allocated.memoryBytes,
            it().capacity.memoryBytes,
            ofBytes,
            bytesText,
          )}
          hint={t("node.barHint")}
          at={props.at}
          onAt={props.onAt}
        />
      </div>
      <Show
        when={it().instances.length > 0}
        fallback={<p class={admin["muted"]}>{t("node.nothingHere")}</p>}
      >
        <Desktops {...props} />
      </Show>
    </section>
  );
}

/** "12 of 64 taken, 52 free", or that there is less now than was given away. */
export function summaryOf(
  used: number,
  total: number,
  pair: (used: number, total: number) => string,
  one: (amount: number) => string,
): string {
  if (used > total) return t("node.over", { pair: pair(used, total) });
  if (used === total) return t("node.full", { pair: pair(used, total) });
  return t("node.taken", { pair: pair(used, total), free: one(total - used) });
}

/** So many at first. */
const rowsFirst = 12;

/** The legend of the bars, and all of what they show in figures. */
function Desktops(props: NodeCapacityProps): JSX.Element {
  const [all, setAll] = createSignal(false);
  const colours = () => coloursOf(props.node);
  const some = (): boolean => !all() && props.node.instances.length > rowsFirst + 1;
  const rows = () => (some() ? props.node.instances.slice(0, rowsFirst) : props.node.instances);
  return (
    <>
      {/* It scrolls where it is narrow, so the keyboard has to reach it (WCAG 2.2, 2.1.1). */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div class={styles["scroll"]} role="region" aria-label={t("nodes.instances")} tabIndex={0}>
        <table class={styles["table"]}>
          <thead>
            <tr>
              <th scope="col">{t("node.instance")}</th>
              <th scope="col">{t("instances.state")}</th>
              <th scope="col">{t("node.owner")}</th>
              <th scope="col">{t("node.environment")}</th>
              <th scope="col">{t("node.experiment")}</th>
              <th scope="col" class={styles["end"]}>
                {t("nodes.cpus")}
              </th>
              <th scope="col" class={styles["end"]}>
                {t("nodes.memory")}
              </th>
              <th scope="col" class={styles["end"]}>
                {t("nodes.gpuMemory")}
              </th>
              <th scope="col">{t("node.since")}</th>
            </tr>
          </thead>
          <tbody>
            <For each={rows()}>
              {(one) => (
                <tr
                  class={one.id === props.at ? styles["at"] : undefined}
                  onPointerEnter={() => props.onAt(one.id)}
                  onPointerLeave={() => props.onAt(null)}
                >
                  <th scope="row">
                    <span class={styles["named"]}>
                      <Swatch colour={colours().get(one.id) ?? 0} />
                      <A
                        class={admin["link"]}
                        href={paths.adminInstances({ node: props.node.name, open: one.id })}
                      >
                        {one.name}
                      </A>
                    </span>
                  </th>
                  <td data-label={t("instances.state")}>
                    <Show when={isState(one.state) && one.state} fallback={one.state}>
                      {(state) => <StateBadge state={state()} />}
                    </Show>
                  </td>
                  <td data-label={t("node.owner")}>
                    <code>{one.owner}</code>
                  </td>
                  <td data-label={t("node.environment")}>{one.environment}</td>
                  <td data-label={t("node.experiment")}>{one.experiment}</td>
                  <td class={styles["end"]} data-label={t("nodes.cpus")}>
                    {numberText(one.cpus)}
                  </td>
                  <td class={styles["end"]} data-label={t("nodes.memory")}>
                    {bytesText(one.memoryBytes)}
                  </td>
                  <td class={styles["end"]} data-label={t("nodes.gpuMemory")}>
                    {one.gpus.length === 0
                      ? t("nodes.noneOfIt")
                      : one.gpus.map((gpu) => bytesText(gpu.memoryBytes)).join(" + ")}
                  </td>
                  <td data-label={t("node.since")}>
                    <Since at={one.placedAt} now={props.now} />
                  </td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
      <Show when={some()}>
        <Button variant="quiet" class={styles["more"] ?? ""} onClick={() => setAll(true)}>
          {t("node.showMore", { count: props.node.instances.length })}
        </Button>
      </Show>
    </>
  );
}

const isState = (text: string): text is State => (states as readonly string[]).includes(text);
