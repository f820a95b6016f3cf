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
  return (event: KeyboardEvent, day: Date, placeInWeek: number): void => {
    // What stands in a cell has keys of its own.
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey)
      return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return options.onBegin(day);
    }
    const to = targetOf(event.key, day, placeInWeek, options.page);
    if (to === null) return;
    event.preventDefault();
    options.onDay(to);
    focusDay(options.grid, to, 20);
  };
}

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
function focusDay(grid: () => HTMLElement | undefined, day: Date, tries: number): void {
  const cell = grid()?.querySelector<HTMLElement>(`[data-day="${dayText(day)}"][tabindex="0"]`);
  if (cell) cell.focus();
  else if (tries > 0) requestAnimationFrame(() => focusDay(grid, day, tries - 1));
}
