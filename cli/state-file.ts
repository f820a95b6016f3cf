import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const identitySchema = z.object({ pid: z.int().positive(), startTicks: z.string() });

const stateSchema = z.object({
  /** Who holds the lock on the data folder. */
  supervisor: identitySchema,
  url: z.string(),
  installationId: z.string().optional(),
  parts: z.record(z.string(), identitySchema),
});

/** What later commands must know of the ASCI that runs, or ran last, on a data folder. */
export type State = z.infer<typeof stateSchema>;

/** Undefined where ASCI never ran, or the file is not one of ours. */
export async function readState(dataDir: string): Promise<State | undefined> {
  try {
    return stateSchema.parse(JSON.parse(await readFile(statePath(dataDir), "utf8")));
  } catch {
    return undefined;
  }
}

/** Replaces the file as a whole, so that no reader sees half of it. */
export async function writeState(dataDir: string, state: State): Promise<void> {
  const path = statePath(dataDir);
  await writeFile(`${path}.new`, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

function statePath(dataDir: string): string {
  return join(dataDir, "state.json");
}
