import type { ImportAnswer } from "../../gateway/import-schemas.ts";
import { call } from "./client.ts";

export type ImportKind = "people" | "beamlines" | "experiments" | "members";
export type ImportMode = "add" | "replace";

export interface ImportWish {
  readonly kind: ImportKind;
  /** Of members only. */
  readonly mode: ImportMode;
  readonly file: Blob;
  readonly charset: "utf-8" | "windows-1252";
}

export function sendImport(wish: ImportWish, dryRun: boolean): Promise<ImportAnswer> {
  const query = new URLSearchParams({ dryRun: String(dryRun) });
  if (wish.kind === "members") query.set("mode", wish.mode);
  return call("POST", `/api/admin/import/${wish.kind}?${query.toString()}`, {
    file: { content: wish.file, type: `text/csv; charset=${wish.charset}` },
  });
}
