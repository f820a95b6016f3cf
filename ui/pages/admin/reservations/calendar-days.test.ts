import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addDays,
  addMonths,
  blocksOf,
  clock,
  dayIn,
  dayText,
  touches,
  weekOf,
  weeksOf,
} from "./calendar-days.ts";

const day = (text: string): Date => dayIn(text, 0);
const at = (text: string): number => new Date(text).getTime();
const span = (id: string, from: string, until: string) => ({
  id,
  from: at(from),
  until: at(until),
});

describe("days", () => {
  it.each(["2026-11-22", "2024-02-29"])("%s is a day", (text) => {
    expect(dayText(day(text))).toBe(text);
  });

  it.each([undefined, "", "2026-02-30", "2026-13-01", "tomorrow"])("%s is none", (text) => {
    expect(dayText(dayIn(text, at("2026-11-22T10:24:00")))).toBe("2026-11-22");
  });

  it("go on by the calendar through the days on which clocks are changed", () => {
    fc.assert(
      fc.property(fc.integer({ min: -800, max: 800 }), (count) => {
        const there = addDays(day("2026-11-22"), count);
        expect(there.getHours()).toBe(0);
        expect(dayText(addDays(there, -count))).toBe("2026-11-22");
      }),
    );
  });

  it("of a month that is shorter are its last", () => {
    expect(dayText(addMonths(day("2026-01-31"), 1))).toBe("2026-02-28");
    expect(dayText(addMonths(day("2026-01-31"), -2))).toBe("2025-11-30");
  });
});

describe("weeks", () => {
  it("begin as the locale begins them", () => {
    expect(weekOf(day("2026-11-22"), 1).map(dayText)[0]).toBe("2026-11-16");
    expect(weekOf(day("2026-11-22"), 0).map(dayText)[0]).toBe("2026-11-22");
  });

  it("of a month have every day of it once", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.constantFrom(0, 1, 6), (months, first) => {
        const one = addMonths(day("2010-01-15"), months);
        const weeks = weeksOf(one, first);
        const days = weeks.flat().map(dayText);
        const inMonth = weeks.flat().filter((it) => it.getMonth() === one.getMonth());
        expect(new Set(days).size).toBe(days.length);
        expect(inMonth.length).toBe(new Date(one.getFullYear(), one.getMonth() + 1, 0).getDate());
        expect(weeks.every((it) => it.length === 7 && it[0]?.getDay() === first)).toBe(true);
      }),
    );
  });
});

describe("blocksOf", () => {
  const monday = day("2026-11-23");

  it("stand where the clock says, and to the day's end where they go on", () => {
    const spans = [
      span("a", "2026-11-23T06:00", "2026-11-23T18:00"),
      span("b", "2026-11-22T12:00", "2026-11-25T12:00"),
      span("c", "2026-11-24T00:00", "2026-11-24T10:00"),
    ];
    expect(blocksOf(spans, monday)).toEqual([
      { id: "b", top: 0, height: 1, lane: 0, lanes: 2 },
      { id: "a", top: 0.25, height: 0.5, lane: 1, lanes: 2 },
    ]);
  });

  it("can be read however short they are, also before midnight", () => {
    const short = [
      span("a", "2026-11-23T09:00", "2026-11-23T09:05"),
      span("b", "2026-11-23T23:58", "2026-11-24T00:00"),
    ];
    for (const it of blocksOf(short, monday)) {
      expect(it.height).toBeGreaterThan(0.04);
      expect(it.top + it.height).toBeLessThanOrEqual(1.0001);
    }
  });

  it("never lie upon each other, and none is left out", () => {
    const minutes = fc.integer({ min: -2000, max: 3500 });
    const spans = fc
      .array(fc.tuple(minutes, fc.integer({ min: 1, max: 3000 })), { maxLength: 12 })
      .map((all) =>
        all.map(([from, length], id) => ({
          id: String(id),
          from: monday.getTime() + from * 60_000,
          until: monday.getTime() + (from + length) * 60_000,
        })),
      );
    fc.assert(
      fc.property(spans, (all) => {
        const blocks = blocksOf(all, monday);
        expect(blocks.map((it) => it.id).toSorted()).toEqual(
          all
            .filter((it) => touches(it, monday))
            .map((it) => it.id)
            .toSorted(),
        );
        for (const a of blocks) {
          expect(a.lane).toBeLessThan(a.lanes);
          for (const b of blocks) {
            const apart = a.top + a.height <= b.top + 1e-9 || b.top + b.height <= a.top + 1e-9;
            if (a !== b && !apart) {
              expect(a.lane).not.toBe(b.lane);
              expect(a.lanes).toBe(b.lanes);
            }
          }
        }
      }),
    );
  });

  it("know how much of the day has passed", () => {
    expect(clock(at("2026-11-23T12:00"), monday)).toBe(0.5);
    expect(clock(at("2026-11-22T12:00"), monday)).toBe(0);
    expect(clock(at("2026-11-24T12:00"), monday)).toBe(1);
  });
});
