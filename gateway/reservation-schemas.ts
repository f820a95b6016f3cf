/** Shapes of reservations. */
import { z } from "zod";
import { changes, something } from "./admin-schemas.ts";
import { inOrder, order, selector } from "./scheduling-parts.ts";
import { anyTime, id, line, listOf, problemSchema, time } from "./schemas.ts";
import { sizeFields } from "./size-schemas.ts";
import { searchableQuery } from "./validation.ts";

export const reservationSchema = z
  .object({
    id,
    title: z.string(),
    kind: z.enum(["experiment", "group", "beamline"]),
    subject: z
      .string()
      .meta({ description: "the code of the experiment or beamline, or the group's name" }),
    from: time,
    until: time,
    seats: z.int(),
    seatsTaken: z.int(),
    ...sizeFields,
    selector: z.string(),
    createdBy: z.string(),
    createdAt: time,
    cancelledAt: time.nullable(),
  })
  .meta({ ref: "Reservation" });
export type AdminReservation = z.infer<typeof reservationSchema>;
export const reservationDetailSchema = reservationSchema
  .extend({
    nodes: z.int().meta({ description: "how many nodes its selector admits" }),
    missing: z.int().meta({
      description:
        "seats, of it and of those that it overlaps with, for which there is no room when there is least",
    }),
    overlaps: z
      .array(
        z.object({
          id: id.nullable(),
          title: z.string().nullable(),
          from: time,
          until: time,
          seats: z.int(),
        }),
      )
      .meta({
        description:
          "for a part of the same time, on some of the same nodes; without id and title where it is not the caller's",
      }),
  })
  .meta({ ref: "ReservationDetail" });
export type ReservationDetail = z.infer<typeof reservationDetailSchema>;
/** The placer keeps every seat of every node in mind: so many, and none smaller than a desktop may be. */
const mostSeats = 1000;
const leastCpus = 0.1;
const leastMiB = 64;

const reservationFields = {
  title: line().trim().min(1, "required").max(200, "at most 200 characters"),
  from: anyTime,
  until: anyTime,
  seats: z.int("a whole number").min(1, "at least 1").max(mostSeats, `at most ${mostSeats}`),
  ...sizeFields,
  cpus: z.number().min(leastCpus, `at least ${leastCpus}`).max(10_000),
  memoryBytes: z
    .int("whole bytes")
    .min(leastMiB * 1024 ** 2, `at least ${leastMiB} MiB`)
    .max(Number.MAX_SAFE_INTEGER),
  selector,
};
export const reservationBody = z
  .object({
    kind: z.enum(["experiment", "group", "beamline"]),
    subject: line().min(1, "required").max(100),
    ...reservationFields,
    gpus: sizeFields.gpus.default(0),
    gpuMemoryBytes: sizeFields.gpuMemoryBytes.default(null),
    selector: selector.default(""),
  })
  .refine(inOrder, order);
export const patchReservationBody = z
  .object(reservationFields)
  .partial()
  .refine(changes, something)
  .refine(inOrder, order);
export const reservationProblemSchema = problemSchema
  .extend({
    seats: z.int().optional(),
    couldHold: z.int().optional().meta({
      description: "of `reservation_too_large`: how many seats the nodes could ever hold",
    }),
    nodes: z.int().optional().meta({ description: "how many nodes its selector admits" }),
  })
  .meta({ ref: "ReservationProblem" });
export const reservationListQuery = searchableQuery.extend({
  from: anyTime.optional().meta({ description: "those that are not over then; default: now" }),
  until: anyTime.optional().meta({ description: "those that begin before" }),
  cancelled: z
    .enum(["true", "false"])
    .default("false")
    .meta({ description: "true: those that were called off as well" }),
});
export const reservationListSchema = listOf(reservationSchema);
