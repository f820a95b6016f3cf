import { expect, it } from "vitest";
import {
  jwksMaxAgeSeconds,
  keyCopyMaxAgeSeconds,
  keySchedule,
  ticketLifeSeconds,
} from "./key-schedule.ts";

it("lets a key sign only when no copy without it can be left", () => {
  const oldestCopySeconds = keyCopyMaxAgeSeconds + jwksMaxAgeSeconds;
  expect(keySchedule.publishedAheadSeconds).toBeGreaterThan(2 * oldestCopySeconds);
});

it("retires a key only when no ticket of it can be left", () => {
  expect(keySchedule.acceptedAfterSeconds).toBeGreaterThan(2 * ticketLifeSeconds);
});
