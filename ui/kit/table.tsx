import ArrowDown from "lucide-solid/icons/arrow-down";
import ArrowUp from "lucide-solid/icons/arrow-up";
import ArrowUpDown from "lucide-solid/icons/arrow-up-down";
import { For, Match, onCleanup, onMount, Show, Switch, type JSX } from "solid-js";
import { isTyping } from "./typing.ts";
import styles from "./table.module.css";

/** What the head of a column does to the order of the rows. */
export interface Sort {
  /** Null: they are in the order of something else. */
  readonly order: "ascending" | "descending" | null;
  /** Which that is, or that a click makes it so. */
  readonly text: string;
  readonly toggle: () => void;
}

export interface Column<T> {
  readonly head: string;
  readonly cell: (row: T) => JSX.Element;
  /** Numbers line up at the end. */
  readonly end?: boolean;
  /** What a row is known by: the heading of its card. */
  readonly title?: boolean;
  /** Buttons: at the end of the row, and below its card. */
  readonly actions?: boolean;
  readonly sort?: Sort | undefined;
}

interface TableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  /** Many columns: less room between them. */
  readonly tight?: boolean | undefined;
  /** A click on a row, or Enter. Rows need a control for the same, for those who use neither. */
  readonly onOpen?: ((row: T) => void) | undefined;
  /** More about a row, below it; null while there is nothing to show. */
  readonly detail?: ((row: T) => JSX.Element | null) | undefined;
}

/**
 * A dense table with a head that stays. j and k go down and up, Enter opens the row or goes to its
 * first control. Where there is no room for columns, each row is a small card.
 */
export function Table<T>(props: TableProps<T>): JSX.Element {
  let body: HTMLTableSectionElement | undefined;
  const move = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key !== "j" && event.key !== "k" && event.key !== "Enter") return;
    const rows = [...(body?.querySelectorAll<HTMLElement>("tr[tabindex]") ?? [])];
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    if (event.key === "Enter") {
      const row = props.rows[at];
      if (row === undefined || document.activeElement !== rows[at]) return;
      event.preventDefault();
      if (props.onOpen !== undefined) props.onOpen(row);
      else rows[at]?.querySelector<HTMLElement>("button, a, input")?.focus();
      return;
    }
    const next = rows[event.key === "j" ? at + 1 : Math.max(at - 1, 0)];
    next?.focus();
    if (next !== undefined) event.preventDefault();
  };
  onMount(() => document.addEventListener("keydown", move));
  onCleanup(() => document.removeEventListener("keydown", move));
  return (
    // It scrolls, so the keyboard has to reach it (WCAG 2.2, 2.1.1).
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div class={styles["scroll"]} role="region" aria-label={props.label} tabIndex={0}>
      <table class={`${styles["table"]} ${props.tight === true ? styles["tight"] : ""}`}>
        <thead>
          <tr>
            <For each={props.columns}>
              {(column) => (
                <th scope="col" class={classOf(column)} aria-sort={column.sort?.order ?? undefined}>
                  <Show when={column.sort} fallback={column.head}>
                    {(sort) => (
                      <button
                        type="button"
                        class={styles["sort"]}
                        title={sort().text}
                        onClick={() => sort().toggle()}
                      >
                        {column.head}
                        <Switch
                          fallback={
                            <span class={styles["other"]} aria-hidden="true">
                              <ArrowUpDown size={14} />
                            </span>
                          }
                        >
                          <Match when={sort().order === "ascending"}>
                            <ArrowUp size={14} aria-hidden="true" />
                          </Match>
                          <Match when={sort().order === "descending"}>
                            <ArrowDown size={14} aria-hidden="true" />
                          </Match>
                        </Switch>
                      </button>
                    )}
                  </Show>
                </th>
              )}
            </For>
          </tr>
        </thead>
        <tbody ref={(it) => (body = it)}>
          <For each={props.rows}>
            {(row) => (
              // The keyboard has Enter, above, and the row's own control.
              <>
                {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events */}
                <tr
                  tabIndex={-1}
                  class={props.onOpen === undefined ? undefined : styles["opens"]}
                  onClick={(event) => {
                    if (!isForControl(event.target)) props.onOpen?.(row);
                  }}
                >
                  <For each={props.columns}>
                    {(column) => (
                      <td data-label={column.head} class={classOf(column)}>
                        {column.cell(row)}
                      </td>
                    )}
                  </For>
                </tr>
                <Show when={props.detail?.(row)}>
                  {(more) => (
                    <tr class={styles["detail"]}>
                      <td colSpan={props.columns.length}>{more()}</td>
                    </tr>
                  )}
                </Show>
              </>
            )}
          </For>
        </tbody>
      </table>
    </div>
  );
}

function classOf<T>(column: Column<T>): string | undefined {
  if (column.actions === true) return styles["actions"];
  if (column.title === true) return styles["title"];
  return column.end === true ? styles["end"] : undefined;
}

/** A click on a row's own control, or the end of marking its text, is not for the row. */
function isForControl(target: EventTarget): boolean {
  if (target instanceof Element && target.closest("button, a, input, label") !== null) return true;
  return window.getSelection()?.isCollapsed === false;
}
