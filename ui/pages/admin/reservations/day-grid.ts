import { addDays, addMonths, dayText } from "./calendar-days.ts";

/**
 * The keys of a grid of days: arrows go to the neighbours, Page Up and Down by a week or a month, Home
 * and End to the ends of a week; Enter begins something on the day.
 */
export function dayKeys(options: {
  readonly page: "week" | "month";
  readonly onDay: (day: Date) => void;
  readonly onBegin: (day: Date) => void;
  readonly grid: () => HTMLElement | undefined;
}) {
  /** Where the keys have led, while the focus is still on its way there: the next key counts from it. */
  let ahead: Date | null = null;
  return (event: KeyboardEvent, cell: Date, placeInCellsWeek: number): void => {
    // What stands in a cell has keys of its own.
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey)
      return;
    const day = ahead ?? cell;
    const days = Math.round((day.getTime() - cell.getTime()) / dayMs);
    const placeInWeek = (((placeInCellsWeek + days) % 7) + 7) % 7;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return options.onBegin(day);
    }
    const to = targetOf(event.key, day, placeInWeek, options.page);
    if (to === null) return;
    event.preventDefault();
    options.onDay(to);
    ahead = to;
    focusDay(options.grid, to, 20, () => {
      if (ahead === to) ahead = null;
    });
  };
}

/** Rounded, as a day on which the clock is changed is an hour shorter or longer. */
const dayMs = 86_400_000;

function targetOf(
  key: string,
  day: Date,
  placeInWeek: number,
  page: "week" | "month",
): Date | null {
  switch (key) {
    case "ArrowLeft":
      return addDays(day, -1);
    case "ArrowRight":
      return addDays(day, 1);
    case "ArrowUp":
      return page === "month" ? addDays(day, -7) : null;
    case "ArrowDown":
      return page === "month" ? addDays(day, 7) : null;
    case "PageUp":
      return page === "month" ? addMonths(day, -1) : addDays(day, -7);
    case "PageDown":
      return page === "month" ? addMonths(day, 1) : addDays(day, 7);
    case "Home":
      return addDays(day, -placeInWeek);
    case "End":
      return addDays(day, 6 - placeInWeek);
    default:
      return null;
  }
}

/** Another week or month is drawn once the address has changed, some frames later. */
function focusDay(
  grid: () => HTMLElement | undefined,
  day: Date,
  tries: number,
  done: () => void,
): void {
  const cell = grid()?.querySelector<HTMLElement>(`[data-day="${dayText(day)}"][tabindex="0"]`);
  cell?.focus();
  if (cell || tries === 0) done();
  else requestAnimationFrame(() => focusDay(grid, day, tries - 1, done));
}
