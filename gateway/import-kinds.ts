/** The columns of each kind of import, and how what stands in them is read. */
import { z } from "zod";
import type { ImportKind } from "../db/import-queries.ts";
import { code, dataAccess, dataPath, uid } from "./admin-schemas.ts";
import { anyTime, line, usernameSchema } from "./schemas.ts";

interface ImportColumn {
  readonly name: string;
  readonly required: boolean;
  /** From the trimmed text of a cell that is not empty. */
  readonly schema: z.ZodType<string | number, string>;
}
interface KindOfImport {
  readonly columns: readonly ImportColumn[];
  /** What may stand only once, whatever its case: by what is in one column, or in several together. */
  readonly once: readonly (readonly string[])[];
  /** What an effect is of, in a few characters. */
  readonly subject: (cellOf: (column: string) => string) => string;
  /** Columns that only administrators may fill. */
  readonly guarded: readonly string[];
}

const needed = (name: string, schema: ImportColumn["schema"]) => ({ name, schema, required: true });
const optional = (name: string, schema: ImportColumn["schema"]) => ({
  name,
  schema,
  required: false,
});

const day = /^\d{4}-\d\d-\d\d$/;
const words =
  "a day as 2026-11-01, or a time with its zone as 2026-11-01T08:00:00+11:00 or 2026-10-31T21:00:00Z";

/** A plain day counts from its beginning or to its end, in UTC. */
const timeOf = (ofDay: string) =>
  z.string().transform((text, context) => {
    const read = anyTime.safeParse(day.test(text) ? text + ofDay : text);
    if (read.success && read.data >= "1900") return new Date(read.data).toISOString();
    context.addIssue(words);
    return z.NEVER;
  });

const from = timeOf("T00:00:00.000Z");
const until = timeOf("T23:59:59.999Z");
const name = line().max(200, "at most 200 characters");
const wholeNumber = z
  .string()
  .regex(/^\d{1,12}$/, "a whole number")
  .transform(Number)
  .pipe(uid);

export const importKinds: Readonly<Record<ImportKind, KindOfImport>> = {
  people: {
    columns: [
      needed("username", usernameSchema),
      needed("displayName", name),
      optional("email", z.email("not an e-mail address").max(254, "at most 254 characters")),
      optional("uid", wholeNumber),
    ],
    once: [["username"], ["email"], ["uid"]],
    subject: (cellOf) => cellOf("username"),
    guarded: [],
  },
  beamlines: {
    columns: [needed("code", code), needed("name", name)],
    once: [["code"]],
    subject: (cellOf) => cellOf("code"),
    guarded: [],
  },
  experiments: {
    columns: [
      needed("code", code),
      needed("beamline", code),
      optional("title", line().max(500, "at most 500 characters")),
      needed("startsAt", from),
      needed("endsAt", until),
      optional("dataPath", dataPath),
      optional("dataAccess", dataAccess),
    ],
    once: [["code"]],
    subject: (cellOf) => cellOf("code"),
    guarded: ["dataPath", "dataAccess"],
  },
  members: {
    columns: [
      needed("experiment", code),
      needed("username", usernameSchema),
      optional("until", until),
    ],
    once: [["experiment", "username"]],
    subject: (cellOf) => `${cellOf("experiment")}: ${cellOf("username")}`,
    guarded: [],
  },
};
