export type BuildErrorCode = "disk_full" | "no_debian" | "packages_unreachable" | "build_failed";

/** An image could not be made; the message says what to do and ends with the last lines of output. */
export class BuildError extends Error {
  readonly code: BuildErrorCode;

  constructor(code: BuildErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "BuildError";
    this.code = code;
  }
}

/** Finds out from the output what went wrong, and says what to do about it. */
export function explainFailure(
  code: BuildErrorCode,
  sentence: string,
  lines: readonly string[],
  cause?: unknown,
): BuildError {
  const output = lines.join("\n");
  const options = cause === undefined ? {} : { cause };
  if (/no space left on device|ENOSPC|enough free space/i.test(output)) {
    return new BuildError(
      "disk_full",
      `The disk is full: the desktop image needs about 5 GB while it is built. Make room where the engine keeps its images and start again.\n${output}`,
      options,
    );
  }
  if (
    // The last two: apt goes on without the lists that it could not fetch, and then knows no package.
    /Temporary failure resolving|Could not (?:connect|resolve)|Failed to fetch|Unable to fetch|Unable to locate package|has no installation candidate/i.test(
      output,
    )
  ) {
    return new BuildError(
      "packages_unreachable",
      `Debian's packages could not be fetched: check the network and this machine's apt sources, and start again.\n${output}`,
      options,
    );
  }
  return new BuildError(code, `${sentence}\n${output}`, options);
}
