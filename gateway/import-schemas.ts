/** Shapes of the calls under `/api/admin/import`. */
import { z } from "zod";
import { problemSchema } from "./schemas.ts";

const counts = z.object({
  created: z.int(),
  changed: z.int(),
  unchanged: z.int(),
  removed: z.int().meta({ description: "memberships that end, with mode=replace" }),
  faults: z.int(),
});
const faultSchema = z
  .object({
    line: z.int().meta({ description: "in the file, from 1, the first line included" }),
    column: z.int().nullable().meta({ description: "from 1; null: the whole line" }),
    columnName: z.string().nullable(),
    message: z.string(),
    code: z.string(),
  })
  .meta({ ref: "ImportFault" });

const faulty = {
  counts,
  faults: z.array(faultSchema).meta({ description: "by line and column, at most 1000" }),
  cut: z
    .object({ faults: z.int() })
    .optional()
    .meta({ description: "how many more there are than are told" }),
};

export const importSchema = z
  .object({
    dryRun: z.boolean(),
    ...faulty,
    lines: z
      .array(
        z.object({
          line: z.int(),
          effect: z.enum(["create", "change", "unchanged"]),
          subject: z.string(),
          changes: z
            .array(
              z.object({
                column: z.string(),
                from: z.string().nullable(),
                to: z.string().nullable(),
              }),
            )
            .optional(),
        }),
      )
      .meta({ description: "those without faults" }),
    removed: z.array(z.string()).optional().meta({
      description: "with mode=replace, the memberships that end, e.g. 18342: ada",
    }),
  })
  .meta({ ref: "ImportEffect" });
export type ImportAnswer = z.infer<typeof importSchema>;

export const importProblemSchema = problemSchema.extend(faulty).meta({ ref: "ImportProblem" });

const flag = z.enum(["true", "false"]).default("false");
export const importQuery = z.object({ dryRun: flag });
export const importMembersQuery = z.object({
  dryRun: flag,
  mode: z.enum(["add", "replace"]).default("add"),
});
