import { describe, expect, it } from "vitest";
import type { AdminReservation } from "../../../../gateway/reservation-schemas.ts";
import { reservationBody } from "../../../../gateway/reservation-schemas.ts";
import {
  bodyOf,
  changesIn,
  entriesOf,
  missingIn,
  newEntries,
  phaseAt,
} from "./reservation-entries.ts";

const reservation: AdminReservation = {
  id: "0198b9c4-0000-7000-8000-000000000001",
  title: "Winter school",
  kind: "group",
  subject: "students",
  from: "2026-11-23T08:00:00.000Z",
  until: "2026-11-27T16:00:00.000Z",
  seats: 20,
  seatsTaken: 3,
  cpus: 2,
  memoryBytes: 8 * 2 ** 30,
  gpus: 1,
  gpuMemoryBytes: null,
  selector: "zone=hall-1",
  createdBy: "keeper",
  createdAt: "2026-11-01T08:00:00.000Z",
  cancelledAt: null,
};

describe("a reservation's form", () => {
  it("says what is missing, in its order", () => {
    const entries = newEntries("experiment", new Date(2026, 10, 23));
    expect(missingIn(entries)).toEqual(["title", "subject"]);
    expect(missingIn({ ...entries, title: "A", subject: "18342", seats: undefined })).toEqual([
      "seats",
    ]);
    expect(missingIn({ ...entriesOf(reservation), until: reservation.from })).toEqual(["until"]);
    expect(missingIn({ ...entriesOf(reservation), from: null, until: null })).toEqual([
      "from",
      "until",
    ]);
  });

  it("asks for seats that are as large as the server wants them", () => {
    const entries = entriesOf(reservation);
    expect(missingIn({ ...entries, cpus: 0.099, memoryBytes: 64 * 2 ** 20 - 1 })).toEqual([
      "cpus",
      "memoryBytes",
    ]);
    const least = { ...entries, cpus: 0.1, memoryBytes: 64 * 2 ** 20 };
    expect(missingIn(least)).toEqual([]);
    expect(reservationBody.safeParse(bodyOf(least)).success).toBe(true);
  });

  it("begins with what the server takes, once it has a title and is for somebody", () => {
    const entries = {
      ...newEntries("experiment", new Date(2026, 10, 23)),
      title: " A ",
      subject: "18342",
    };
    const body = bodyOf(entries);
    expect(body.title).toBe("A");
    expect(reservationBody.safeParse(body).success).toBe(true);
    expect(new Date(body.from).getHours()).toBe(9);
  });

  it("sends what changed and nothing else", () => {
    const entries = entriesOf(reservation);
    expect(changesIn(reservation, entries)).toEqual({});
    expect(changesIn(reservation, { ...entries, from: "2026-11-23T08:00:00Z" })).toEqual({});
    expect(changesIn(reservation, { ...entries, seats: 25, subject: "others" })).toEqual({
      seats: 25,
    });
    // Without GPUs there is no memory of theirs.
    expect(changesIn({ ...reservation, gpuMemoryBytes: 5 }, { ...entries, gpus: 0 })).toEqual({
      gpus: 0,
      gpuMemoryBytes: null,
    });
  });
});

describe("phaseAt", () => {
  it.each([
    ["2026-11-23T07:59:59Z", "upcoming"],
    ["2026-11-23T08:00:00Z", "now"],
    ["2026-11-27T16:00:00Z", "over"],
  ])("%s", (at, phase) => {
    expect(phaseAt(reservation, Date.parse(at))).toBe(phase);
    expect(phaseAt({ ...reservation, cancelledAt: at }, Date.parse(at))).toBe("cancelled");
  });
});
