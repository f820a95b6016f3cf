import type { DataFolder } from "./data-folder.ts";
import { Failure } from "./failure.ts";
import { endLeftoverParts } from "./leftovers.ts";
import { takeLock } from "./lock.ts";
import { identify, isAlive } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { readState, writeState } from "./state-file.ts";
import type { State } from "./state-file.ts";

/** The data folder while it is ours: nobody else starts on it, and what later commands must know is written down. */
export class Installation {
  readonly #dataDir: string;
  #state: State;
  #writing: Promise<void> = Promise.resolve();

  private constructor(dataDir: string, state: State) {
    this.#dataDir = dataDir;
    this.#state = state;
  }

  /**
   * Takes the data folder, and ends what a killed ASCI left running on it.
   * @throws Failure `already_running`
   */
  static async take(
    folder: DataFolder,
    url: string,
  ): Promise<{ installation: Installation; release: () => Promise<void> }> {
    const lock = await takeLock(folder.lock);
    const before = await readState(folder.root);
    if (lock === undefined) throw await alreadyRunning(folder, before);
    await endLeftoverParts(before);
    const supervisor = await identify(process.pid);
    if (supervisor === undefined) throw new Error("this process is not in /proc");
    const installation = new Installation(folder.root, {
      supervisor,
      url,
      parts: {},
      ...(before?.installationId === undefined ? {} : { installationId: before.installationId }),
    });
    await installation.#write({});
    return { installation, release: () => lock.release() };
  }

  async setInstallationId(installationId: string): Promise<void> {
    await this.#write({ installationId });
  }

  async setPart(name: string, identity: ProcessIdentity): Promise<void> {
    await this.#write({ parts: { ...this.#state.parts, [name]: identity } });
  }

  /** One write after the other: they share a file. */
  async #write(change: Partial<State>): Promise<void> {
    this.#state = { ...this.#state, ...change };
    const state = this.#state;
    this.#writing = this.#writing.then(() => writeState(this.#dataDir, state));
    await this.#writing;
  }
}

async function alreadyRunning(folder: DataFolder, state: State | undefined): Promise<Failure> {
  if (state !== undefined && (await isAlive(state.supervisor))) {
    return new Failure(
      "already_running",
      `ASCI is already running (pid ${state.supervisor.pid}) at ${state.url}`,
    );
  }
  return new Failure(
    "already_running",
    `Another ASCI command is at work on ${folder.root}: wait for it to end, then try again.`,
  );
}
