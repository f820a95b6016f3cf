/** Shapes of the catalogue as a person sees it. */
import { z } from "zod";
import { environmentSchema, ownExperimentSchema, time } from "./schemas.ts";

const catalogueEnvironmentSchema = environmentSchema
  .extend({ favourite: z.boolean() })
  .meta({ ref: "CatalogueEnvironment" });
export type CatalogueEnvironment = z.infer<typeof catalogueEnvironmentSchema>;

const catalogueExperimentSchema = ownExperimentSchema
  .pick({ code: true, title: true, beamline: true, startsAt: true, endsAt: true })
  .meta({ ref: "CatalogueExperiment" });
export type CatalogueExperiment = z.infer<typeof catalogueExperimentSchema>;

const lastStartSchema = z
  .object({
    environment: z.string().meta({ description: "the environment's slug" }),
    version: z.string().nullable().meta({
      description: "null: the newest, as it was then; what is newest now may be another",
    }),
    experiment: z.string().nullable(),
    screen: z
      .object({ width: z.int(), height: z.int() })
      .nullable()
      .meta({ description: "the size in which it was asked for" }),
    at: time,
  })
  .meta({ ref: "LastStart" });
export type LastStart = z.infer<typeof lastStartSchema>;

export const catalogueSchema = z
  .object({
    environments: z.array(catalogueEnvironmentSchema).meta({ description: "by name" }),
    experiments: z.array(catalogueExperimentSchema).meta({
      description:
        "those that the caller takes part in, and those for which they may start something; newest first, the newest 1000",
    }),
    last: lastStartSchema.nullable().meta({
      description: "the latest of the caller's starts that they may repeat as it was",
    }),
  })
  .meta({ ref: "Catalogue" });
export type Catalogue = z.infer<typeof catalogueSchema>;
