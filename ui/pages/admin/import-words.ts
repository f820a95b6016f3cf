import type { ImportAnswer } from "../../../gateway/import-schemas.ts";
import type { ImportKind } from "../../api/import-calls.ts";
import { en, type MessageKey } from "../../messages/en.ts";
import { t } from "../../messages/messages.ts";

/** The columns of each kind, as the gateway knows them; a test compares the two. */
export const importColumns: Readonly<
  Record<ImportKind, { readonly needed: readonly string[]; readonly optional: readonly string[] }>
> = {
  people: { needed: ["username", "displayName"], optional: ["email", "uid"] },
  beamlines: { needed: ["code", "name"], optional: [] },
  experiments: {
    needed: ["code", "beamline", "startsAt", "endsAt"],
    optional: ["title", "dataPath", "dataAccess"],
  },
  members: { needed: ["experiment", "username"], optional: ["until"] },
};

/** What staff may import is what is of their beamlines. */
export function kindsFor(roles: readonly string[]): ImportKind[] {
  if (roles.includes("admin")) return ["people", "beamlines", "experiments", "members"];
  return roles.includes("staff") ? ["experiments", "members"] : [];
}

/** A fault in a few of the reader's own words. */
export function faultWord(code: string): string {
  const key = `import.fault.${code}`;
  return t((key in en ? key : "import.fault.other") as MessageKey & `import.fault.${string}`);
}

/** `2 new, 1 changed`: what is none is left out, unless all is. */
export function countWords({
  created,
  changed,
  unchanged,
  removed,
  faults,
}: ImportAnswer["counts"]) {
  const words = [
    created > 0 ? t("import.created", { count: created }) : null,
    changed > 0 ? t("import.changed", { count: changed }) : null,
    removed > 0 ? t("import.removed", { count: removed }) : null,
    unchanged > 0 ? t("import.unchanged", { count: unchanged }) : null,
    faults > 0 ? t("import.faults", { count: faults }) : null,
  ].filter((it) => it !== null);
  return words.length > 0 ? words.join(", ") : t("import.unchanged", { count: 0 });
}

/** The text of a file for showing its lines, however it is written. */
export async function textOf(file: Blob, charset: string): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const [a, b] = bytes;
  if (a === 0xff && b === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (a === 0xfe && b === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  return new TextDecoder(charset).decode(bytes);
}

export const linesOf = (text: string): string[] => text.split(/\r\n|\r|\n/);
