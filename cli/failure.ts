export type FailureCode =
  | "usage"
  | "settings"
  | "already_running"
  | "not_running"
  | "key"
  | "port_taken"
  | "address_unusable"
  | "not_root"
  | "system_user"
  | "program_missing"
  | "forbidden"
  | "postgres_missing"
  | "postgres_version"
  | "postgres_failed"
  | "database_unreachable"
  | "schema"
  | "engine"
  | "image_failed"
  | "disk_full"
  | "build_failed"
  | "process_failed"
  | "interrupted";

/** Something that the person at the terminal can put right: the message is written for them and is all they see. */
export class Failure extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Failure";
    this.code = code;
  }
}

/** The `code` of a Node system error (`ENOENT` …), or undefined. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** An error as a person should hear of it; undefined where it is a fault of ours. */
export function asFailure(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error;
  const code = systemCode(error);
  if (code !== "ENOSPC" && code !== "EDQUOT") return undefined;
  const path = error instanceof Error && "path" in error ? ` (${String(error.path)})` : "";
  return new Failure("disk_full", `The disk is full${path}: free some space and try again.`, {
    cause: error,
  });
}
