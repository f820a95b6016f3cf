import { createMemo, For, Show, type JSX } from "solid-js";
import type { AdminRule } from "../../../../gateway/rule-schemas.ts";
import { foldText, searchWords } from "../../../components/fold-text.ts";
import { announce } from "../../../kit/announcer.tsx";
import { Button } from "../../../kit/button.tsx";
import { SearchField } from "../../../kit/search-field.tsx";
import { t } from "../../../messages/rules.ts";
import { newKey, type Drafts } from "./drafts.ts";
import { moved } from "./move.ts";
import { RuleItem } from "./rule-item.tsx";
import { createDragging } from "./dragging.ts";
import styles from "./rules.module.css";

interface RuleListProps {
  /** In the order in which they are shown. */
  readonly rules: readonly AdminRule[];
  readonly drafts: Drafts;
  readonly selected: string | null;
  readonly search: string;
  readonly onSearch: (search: string) => void;
  readonly onSelect: (key: string) => void;
  readonly onNew: () => void;
  /** The ids in an order that somebody wants. */
  readonly onOrder: (ids: string[]) => void;
  readonly reordered: boolean;
  readonly onSaveOrder: () => void;
  readonly onDropOrder: () => void;
}

/** The rules in the order in which they are asked, which is changed by dragging or by the keyboard. */
export function RuleList(props: RuleListProps): JSX.Element {
  let list: HTMLOListElement | undefined;
  const ids = (): string[] => props.rules.map((it) => it.id);
  const shown = createMemo(() => {
    const words = searchWords(props.search);
    return props.rules.filter((it) => {
      const text = foldText(`${it.name} ${JSON.stringify(it.when)} ${JSON.stringify(it.then)}`);
      return words.every((word) => text.includes(word));
    });
  });
  const move = (id: string, to: number): void => {
    const from = ids().indexOf(id);
    const place = Math.min(Math.max(to, 0), props.rules.length - 1);
    if (from < 0 || from === place) return;
    props.onOrder(moved(ids(), from, place));
    const name = props.rules.find((it) => it.id === id)?.name ?? "";
    announce(t("rules.movedTo", { name, place: place + 1, count: props.rules.length }));
  };
  /** By the keyboard: the handle goes with its rule, and keeps the focus. */
  const step = (id: string, by: number): void => {
    move(id, ids().indexOf(id) + by);
    queueMicrotask(() =>
      list?.querySelector<HTMLElement>(`[data-rule="${CSS.escape(id)}"] [data-handle]`)?.focus(),
    );
  };
  const dragging = createDragging({ list: () => list, move, place: (id) => ids().indexOf(id) });

  return (
    <>
      <div class={styles["head"]}>
        <h2 class={styles["headTitle"]}>{t("rules.title")}</h2>
        <Button size="small" variant="primary" onClick={() => props.onNew()}>
          {t("rules.new")}
        </Button>
      </div>
      <div class={styles["search"]}>
        <SearchField
          label={t("admin.search")}
          placeholder={t("admin.search")}
          value={props.search}
          onInput={props.onSearch}
          shortcut
        />
      </div>
      <div class={styles["scroll"]}>
        <Show when={props.drafts.of(newKey)}>
          {(draft) => (
            <button
              type="button"
              class={`${styles["open"]} ${styles["newItem"]}`}
              aria-current={props.selected === newKey ? "true" : undefined}
              onClick={() => props.onSelect(newKey)}
            >
              <span class={styles["itemName"]}>{draft().name.trim() || t("rules.unnamed")}</span>
              <span class={styles["itemNote"]}>{t("rules.notSaved")}</span>
            </button>
          )}
        </Show>
        <ol ref={(it) => (list = it)} class={styles["items"]} aria-label={t("rules.title")}>
          <For each={shown()}>
            {(rule) => (
              <RuleItem
                rule={rule}
                draft={props.drafts.of(rule.id)}
                selected={props.selected === rule.id}
                place={ids().indexOf(rule.id)}
                count={props.rules.length}
                movable={props.search === "" && props.rules.length > 1}
                dragged={dragging.dragged() === rule.id}
                onSelect={() => props.onSelect(rule.id)}
                onStep={(by) => step(rule.id, by)}
                onGrab={(event) => dragging.grab(rule.id, event)}
              />
            )}
          </For>
        </ol>
        <Show when={shown().length === 0 && props.rules.length > 0}>
          <p class={styles["none"]} role="status">
            {t("admin.noMatch", { search: props.search })}
          </p>
        </Show>
      </div>
      {/* Below: above, it would push the list away from under the pointer that drags. */}
      <Show when={props.reordered}>
        <div class={styles["order"]} role="group" aria-label={t("rules.orderChanged")}>
          <span>{t("rules.orderChanged")}</span>
          <Button size="small" variant="primary" onClick={() => props.onSaveOrder()}>
            {t("rules.saveOrder")}
          </Button>
          <Button size="small" onClick={() => props.onDropOrder()}>
            {t("rules.dropOrder")}
          </Button>
        </div>
      </Show>
    </>
  );
}
