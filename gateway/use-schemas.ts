/** Shapes of use over time, and of whether there is room. */
import { z } from "zod";
import { anyTime, id, line, time } from "./schemas.ts";

export const useQuery = z.object({
  by: z.enum(["node", "gpu", "beamline"]).default("node"),
  from: anyTime.optional().meta({ description: "default: a day ago" }),
  until: anyTime.optional().meta({ description: "default: now" }),
  node: id.optional(),
});
export const useSchema = z
  .object({
    from: time,
    until: time,
    stepMs: z.int(),
    /** Of each step's middle, what was held by placements then. */
    series: z.array(
      z.object({
        key: z.string(),
        name: z.string(),
        capacity: z
          .object({ cpus: z.number(), memoryBytes: z.number(), gpuMemoryBytes: z.number() })
          .nullable(),
        cpus: z.array(z.number()),
        memoryBytes: z.array(z.number()),
        gpuMemoryBytes: z.array(z.number()),
        instances: z.array(z.int()),
      }),
    ),
    omitted: z.int().meta({ description: "how many series there are beside the 200 most used" }),
  })
  .meta({ ref: "Use" });
export type Use = z.infer<typeof useSchema>;

export const availabilityQuery = z.object({
  version: line().max(100).optional(),
  experiment: line().max(100).optional(),
});
export const availabilitySchema = z
  .object({
    fits: z.enum(["now", "later", "never", "unknown"]),
    at: time.nullable().meta({ description: "when a place is expected, where it is later" }),
    basis: z.enum(["limit", "usual", "reservation"]).nullable().meta({
      description:
        "what that rests on: limits of what runs, how long its like usually lasts, or a reservation for the caller",
    }),
    code: z.string().nullable().meta({ description: "why not now, as a reason's code" }),
    text: z.string(),
  })
  .meta({ ref: "Availability" });
export type Availability = z.infer<typeof availabilitySchema>;
