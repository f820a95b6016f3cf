/** Shapes of the calls about stations: of staff who look after them, and of stations themselves. */
import { z } from "zod";
import { id, line, loginBody, startBody, time } from "./schemas.ts";

const ending = z.enum(["end", "owner"]).meta({
  description:
    "what becomes of people's own desktops on a station when the experiment ends: `end`, or they stay their owners'",
});

const stationSchema = z
  .object({
    id,
    name: z.string(),
    username: z.string().meta({ description: "of its account, as the audit trail has it" }),
    createdAt: time,
    enrolledAt: time.nullable().meta({ description: "null: no computer has taken its code yet" }),
    lastSeenAt: time.nullable().meta({ description: "null: no computer is it now" }),
    address: z.string().nullable(),
    codeExpiresAt: time.nullable().meta({ description: "null: there is no code to take" }),
  })
  .meta({ ref: "Station" });
export type Station = z.infer<typeof stationSchema>;

export const stationsSchema = z
  .object({
    beamline: z.object({ id, code: z.string(), name: z.string() }),
    ending,
    items: z.array(stationSchema),
  })
  .meta({ ref: "Stations" });
export type Stations = z.infer<typeof stationsSchema>;

export const stationBody = z.object({
  name: line().trim().min(1, "required").max(60, "at most 60 characters"),
});
export const stationEndingBody = z.object({ ending });

/** Answered once: nothing but a hash of the code is kept. */
export const stationCodeSchema = z
  .object({ id, name: z.string(), code: z.string(), expiresAt: time })
  .meta({ ref: "StationCode" });
export type StationCode = z.infer<typeof stationCodeSchema>;

export const enrolBody = z.object({
  code: line().min(1, "required").max(100, "at most 100 characters"),
});

export const atStationSchema = z
  .object({
    id,
    name: z.string(),
    beamline: z.object({ code: z.string(), name: z.string() }),
    ending,
    experiments: z
      .array(z.object({ id, code: z.string(), title: z.string(), startsAt: time, endsAt: time }))
      .meta({ description: "those that run there now, newest first" }),
    next: z
      .object({ code: z.string(), startsAt: time })
      .nullable()
      .meta({ description: "the one that begins next" }),
  })
  .meta({ ref: "AtStation" });
export type AtStation = z.infer<typeof atStationSchema>;

export const stationStartBody = startBody.extend(loginBody.shape);

/** A code is typed, and cannot be told from any other text that is wrong. */
export const approvalBody = z.object({ code: enrolBody.shape.code });

export const askedApprovalSchema = z
  .object({
    id,
    code: z.string().meta({ description: "to be typed; good once" }),
    url: z.string().meta({
      description: "the page that takes it, with the code behind `#`, which browsers send nowhere",
    }),
    expiresAt: time,
  })
  .meta({ ref: "AskedApproval" });
export type AskedApproval = z.infer<typeof askedApprovalSchema>;

export const approvalStateSchema = z
  .object({
    id,
    state: z.enum(["open", "confirmed", "declined", "over"]).meta({
      description: "`over`: its time is up, it was withdrawn, or another one was asked for since",
    }),
    instance: id.nullable().meta({ description: "what was started" }),
    expiresAt: time,
  })
  .meta({ ref: "ApprovalState" });
export type ApprovalState = z.infer<typeof approvalStateSchema>;

export const approvalSchema = z
  .object({
    station: z.object({ name: z.string() }),
    beamline: z.object({ code: z.string(), name: z.string() }),
    ending,
    environment: z.object({ slug: z.string(), name: z.string() }),
    version: z.string(),
    experiment: z.object({ code: z.string(), title: z.string(), endsAt: time }),
    expiresAt: time,
    refusal: z.object({ code: z.string(), detail: z.string() }).nullable().meta({
      description: "why the caller cannot start it; null: they can",
    }),
    started: id.nullable().meta({ description: "what the caller has started with it already" }),
  })
  .meta({ ref: "Approval" });
export type Approval = z.infer<typeof approvalSchema>;
