import { createMemo, createSignal, For, Show, type Accessor, type JSX } from "solid-js";
import type { State } from "../../db/states.ts";
import type { Instance } from "../../gateway/schemas.ts";
import { Button } from "../kit/button.tsx";
import { SearchField } from "../kit/search-field.tsx";
import { Select } from "../kit/select.tsx";
import { t } from "../messages/messages.ts";
import { InstanceCard } from "./instance-card.tsx";
import {
  countStates,
  hasNamesake,
  orders,
  searchInstances,
  sortInstances,
  startPrecision,
  type Order,
} from "./order.ts";
import { StateShape } from "./state-badge.tsx";
import styles from "./desktop-list.module.css";

/** More than this share the width. */
const crowdFrom = 2;
/** From here on they are looked for rather than looked at: one line each, and the first of them only. */
const manyFrom = 9;
const firstMany = 8;

interface DesktopListProps {
  /** Live ones, in their usual order. */
  readonly instances: readonly Instance[];
  readonly now: Accessor<number>;
  /** Default: that they are the reader's own. */
  readonly title?: string;
}

/** What runs, or is about to: a card for each, and for many a list to search, sift and sort. */
export function DesktopList(props: DesktopListProps): JSX.Element {
  const [search, setSearch] = createSignal("");
  const [wanted, setWanted] = createSignal<State | null>(null);
  const [order, setOrder] = createSignal<Order>("state");
  const [all, setAll] = createSignal(false);
  const many = (): boolean => props.instances.length >= manyFrom;
  const counts = createMemo(() => countStates(props.instances));
  /** A state that nothing is in any more hides nothing. */
  const state = (): State | null => counts().find((it) => it.state === wanted())?.state ?? null;
  const found = createMemo(() => {
    if (!many()) return props.instances;
    const inState = props.instances.filter((it) => state() === null || it.state === state());
    return sortInstances(searchInstances(inState, search()), order());
  });
  const looking = (): boolean => search().trim() !== "" || state() !== null;
  const shown = (): readonly Instance[] =>
    many() && !all() && !looking() ? found().slice(0, firstMany) : found();
  const running = (): number => props.instances.filter((it) => it.state === "running").length;
  const since = (instance: Instance) =>
    hasNamesake(instance, props.instances) ? startPrecision(instance, props.instances) : null;
  const size = () =>
    many()
      ? ("small" as const)
      : props.instances.length === 1
        ? ("large" as const)
        : ("medium" as const);
  return (
    <section class={styles["section"]} aria-labelledby="running">
      <div class={styles["head"]}>
        <h2 id="running" class={styles["title"]}>
          {props.title ?? t("desktops.live")}
          <Show when={props.instances.length > 1}>
            <span class={styles["count"]}>{props.instances.length}</span>
          </Show>
        </h2>
        <Show when={many()}>
          <Select
            label={t("desktops.order")}
            value={order()}
            options={orders.map((value) => ({ value, text: t(`desktops.order.${value}`) }))}
            onChange={setOrder}
          />
          <SearchField
            label={t("desktops.filter")}
            placeholder={t("desktops.filter")}
            value={search()}
            onInput={setSearch}
          />
        </Show>
      </div>
      <Show when={many() && counts().length > 1}>
        <div class={styles["states"]} role="group" aria-label={t("desktops.states")}>
          <Chip pressed={state() === null} onPress={() => setWanted(null)}>
            {t("desktops.all")} <span>{props.instances.length}</span>
          </Chip>
          <For each={counts()}>
            {(it) => (
              <Chip pressed={state() === it.state} onPress={() => setWanted(it.state)}>
                <StateShape state={it.state} />
                {t(`state.${it.state}`)} <span>{it.count}</span>
              </Chip>
            )}
          </For>
        </div>
      </Show>
      <Show when={found().length === 0}>
        <div class={styles["none"]} role="status">
          <p>{t("desktops.filterNone", { search: search() })}</p>
          <Button onClick={() => setSearch("")}>{t("catalogue.clearSearch")}</Button>
        </div>
      </Show>
      <ul
        class={many() ? styles["rows"] : styles["cards"]}
        classList={{ [styles["grid"] ?? ""]: !many() && props.instances.length > crowdFrom }}
      >
        <For each={shown()}>
          {(instance) => (
            <InstanceCard
              instance={instance}
              now={props.now}
              size={size()}
              since={since(instance)}
              crowded={running() > crowdFrom}
            />
          )}
        </For>
      </ul>
      <Show when={shown().length < found().length}>
        <Button variant="quiet" class={styles["more"] ?? ""} onClick={() => setAll(true)}>
          {t("desktops.showAll", { count: found().length })}
        </Button>
      </Show>
    </section>
  );
}

function Chip(props: {
  readonly pressed: boolean;
  readonly onPress: () => void;
  readonly children: JSX.Element;
}): JSX.Element {
  return (
    <button
      type="button"
      class={styles["chip"]}
      aria-pressed={props.pressed}
      onClick={() => props.onPress()}
    >
      {props.children}
    </button>
  );
}
