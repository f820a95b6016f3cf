import ArrowDown from "lucide-solid/icons/arrow-down";
import ArrowUp from "lucide-solid/icons/arrow-up";
import GripVertical from "lucide-solid/icons/grip-vertical";
import { Show, type JSX } from "solid-js";
import type { AdminRule } from "../../../../gateway/rule-schemas.ts";
import { t } from "../../../messages/rules.ts";
import type { Draft } from "./draft.ts";
import { doesText } from "./rule-words.ts";
import styles from "./rules.module.css";

interface RuleItemProps {
  readonly rule: AdminRule;
  readonly draft: Draft | undefined;
  readonly selected: boolean;
  /** From 0. */
  readonly place: number;
  readonly count: number;
  readonly movable: boolean;
  readonly dragged: boolean;
  readonly onSelect: () => void;
  readonly onStep: (by: number) => void;
  readonly onGrab: (event: PointerEvent) => void;
}

/** A rule in the list: what it does, what it matched, whether it is on, and its handle. */
export function RuleItem(props: RuleItemProps): JSX.Element {
  const enabled = (): boolean => props.draft?.enabled ?? props.rule.enabled;
  const name = (): string => props.draft?.name.trim() || props.rule.name;
  const key = (event: KeyboardEvent): void => {
    const by = { ArrowUp: -1, ArrowDown: 1, Home: -props.count, End: props.count }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    props.onStep(by);
  };
  return (
    <li
      class={styles["item"]}
      data-rule={props.rule.id}
      data-selected={props.selected ? "" : undefined}
      data-dragged={props.dragged ? "" : undefined}
    >
      <Show when={props.movable}>
        <span class={styles["handles"]}>
          <Show when={props.selected}>
            <Step
              of={props}
              by={-1}
              text={t("rules.up", { name: name() })}
              last={props.place === 0}
            />
          </Show>
          <button
            type="button"
            class={styles["handle"]}
            data-handle
            aria-label={t("rules.move", {
              name: name(),
              place: props.place + 1,
              count: props.count,
            })}
            title={t("rules.moveHow")}
            onPointerDown={(event) => props.onGrab(event)}
            onKeyDown={key}
          >
            <GripVertical size={16} aria-hidden="true" />
          </button>
          <Show when={props.selected}>
            <Step
              of={props}
              by={1}
              text={t("rules.down", { name: name() })}
              last={props.place === props.count - 1}
            />
          </Show>
        </span>
      </Show>
      <button
        type="button"
        class={styles["open"]}
        aria-current={props.selected ? "true" : undefined}
        onClick={() => props.onSelect()}
      >
        <span class={`${styles["itemName"]} ${enabled() ? "" : styles["isOff"]}`}>{name()}</span>
        <span class={styles["itemNote"]}>
          {`${doesText(props.draft?.then ?? props.rule.then)} · ${t("rules.matched", { count: props.rule.matchedLastWeek })}`}
          <Show when={props.draft}>{` · ${t("rules.edited")}`}</Show>
        </span>
      </button>
      <span class={styles["pill"]} data-kind={props.draft ? "draft" : enabled() ? "on" : "off"}>
        {props.draft ? t("rules.draft") : enabled() ? t("rules.on") : t("rules.off")}
      </span>
    </li>
  );
}

/** Dragging needs a steady hand: one press does the same (WCAG 2.2, 2.5.7). */
function Step(props: {
  readonly of: RuleItemProps;
  readonly by: -1 | 1;
  readonly text: string;
  readonly last: boolean;
}): JSX.Element {
  return (
    <button
      type="button"
      class={styles["step"]}
      aria-label={props.text}
      title={props.text}
      disabled={props.last}
      onClick={() => props.of.onStep(props.by)}
    >
      <Show when={props.by < 0} fallback={<ArrowDown size={16} aria-hidden="true" />}>
        <ArrowUp size={16} aria-hidden="true" />
      </Show>
    </button>
  );
}
