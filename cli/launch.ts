import { ensureDemo } from "../db/seed.ts";
import { join } from "node:path";
import type { Provisioned } from "../db/provision.ts";
import { ensureSecrets, generatedPassword, openDataFolder } from "./data-folder.ts";
import type { DataFolder, Secrets } from "./data-folder.ts";
import { setUpDatabase } from "./database-setup.ts";
import { prepareDesktopImage } from "./desktop-image.ts";
import { embeddedDatabase } from "./embedded-database.ts";
import { Failure } from "./failure.ts";
import { Installation } from "./installation.ts";
import { parts } from "./parts.ts";
import type { PartName } from "./parts.ts";
import { checkAddress } from "./ports.ts";
import { untilReady } from "./readiness.ts";
import { ensureRunDir } from "./run-dir.ts";
import { localUrl } from "./settings.ts";
import type { Settings } from "./settings.ts";
import { onEndingSignal } from "./signals.ts";
import { supervise } from "./supervise.ts";
import type { Part, Supervised } from "./supervise.ts";
import { ensureSystemUser } from "./system-user.ts";
import { Calm, say } from "./terminal.ts";

export interface LaunchOptions {
  settings: Settings;
  /** Where the gateway listens; default: where the settings say. */
  gateway?: { host: string; port: number };
  /** What has to be there before the site can be shown: the built pages, or a developer's server. */
  preparePages: (onProgress: (line: string) => void) => Promise<void>;
  uiDir: string;
  /** Runs once everything is up; whatever it returns is called before anything is stopped. */
  afterReady?: (running: Readonly<Record<PartName, Supervised>>) => Promise<() => Promise<void>>;
  /** Deaths of a part before it was ever ready, after which the start is given up. */
  attempts?: number;
}

/**
 * Starts a one-machine installation, keeps it running until it is asked to end, and stops it.
 * @returns the exit code
 * @throws Failure where it cannot be started; then nothing is left running
 */
export async function launch(options: LaunchOptions): Promise<number> {
  const launcher = new Launcher(options);
  const requested = Promise.withResolvers<void>();
  const release = onEndingSignal((request) => {
    if (request > 1) launcher.killAll();
    else requested.resolve();
  });
  try {
    await Promise.race([launcher.start(), requested.promise]);
    if (!launcher.isReady) throw new Failure("interrupted", "Stopped before ASCI was ready.");
    await requested.promise;
    say("Stopping ASCI (desktops go on until npm run stop)");
    return 0;
  } finally {
    await launcher.stop();
    release();
  }
}

class Launcher {
  readonly #options: LaunchOptions;
  readonly #calm = new Calm();
  readonly #supervised: Supervised[] = [];
  #database: Supervised | undefined;
  #beforeStop: () => Promise<void> = async () => undefined;
  #releaseLock: () => Promise<void> = async () => undefined;
  #stopped = false;
  #isReady = false;

  constructor(options: LaunchOptions) {
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  async start(): Promise<void> {
    const { settings } = this.#options;
    const url = localUrl(settings);
    const folder = await openDataFolder(settings.dataDir);
    const { installation, release } = await Installation.take(folder, url);
    this.#releaseLock = release;
    await checkAddress(settings);
    const secrets = await ensureSecrets(folder.root);
    // None of these needs another: together they take as long as the slowest.
    const [image, { ownerUrl, provisioned }, relayUser, gatewayUser] = await Promise.all([
      prepareDesktopImage(folder.engine, join(folder.logs, "setup.log")),
      this.#prepareDatabase(folder, secrets),
      ensureSystemUser("asci-relay"),
      ensureSystemUser("asci-gateway"),
      this.#options.preparePages(say),
    ]);
    await installation.setInstallationId(provisioned.installationId);
    if (settings.demo) await ensureDemo(ownerUrl, { ...image, digest: image.id });
    const runDir = await ensureRunDir(provisioned.installationId);
    const running = this.#startAll(
      parts({
        settings,
        listen: this.#options.gateway ?? settings,
        uiDir: this.#options.uiDir,
        folder,
        secrets,
        provisioned,
        runDir,
        relayUser,
        gatewayUser,
        onLine: (line) => this.#sayNews(line),
        onStart: (name, identity) => installation.setPart(name, identity),
      }),
    );
    await Promise.all(Object.values(running).map(({ ready }) => ready));
    await untilReady(localUrl(this.#options.gateway ?? settings), say);
    this.#beforeStop = (await this.#options.afterReady?.(running)) ?? this.#beforeStop;
    this.#isReady = true;
    say(`ASCI is ready at ${url}`);
    await sayPassword(settings.dataDir);
  }

  /** Streams end with the gateway and the relay, wishes rest in the database, and the database goes last. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#beforeStop();
    await Promise.all(this.#supervised.map((part) => part.stop()));
    await this.#database?.stop();
    await this.#releaseLock();
  }

  killAll(): never {
    say("Stopping at once");
    for (const part of this.#supervised) part.kill();
    this.#database?.kill();
    process.exit(130);
  }

  async #prepareDatabase(
    folder: DataFolder,
    secrets: Secrets,
  ): Promise<{ ownerUrl: string; provisioned: Provisioned }> {
    const { settings } = this.#options;
    let ownerUrl = settings.databaseUrl;
    if (ownerUrl === undefined) {
      const { part, url } = embeddedDatabase(folder, secrets.databaseOwner, (line) =>
        this.#sayNews(line),
      );
      this.#database = this.#supervise(part);
      await this.#database.ready;
      ownerUrl = await url;
    }
    return { ownerUrl, provisioned: await setUpDatabase(ownerUrl, settings, secrets) };
  }

  #startAll(all: Record<PartName, Part>): Record<PartName, Supervised> {
    const start = (part: Part): Supervised => {
      const supervised = this.#supervise(part);
      this.#supervised.push(supervised);
      return supervised;
    };
    return {
      relay: start(all.relay),
      controller: start(all.controller),
      gateway: start(all.gateway),
    };
  }

  #supervise(part: Part): Supervised {
    // The start was given up while this was on its way.
    if (this.#stopped) throw new Failure("interrupted", "Stopped before ASCI was ready.");
    const { attempts } = this.#options;
    return supervise(part, {
      onLine: (line) => this.#sayNews(line),
      ...(attempts === undefined ? {} : { attempts }),
    });
  }

  #sayNews(line: string): void {
    if (this.#calm.isNews(line, performance.now())) say(line);
  }
}

async function sayPassword(dataDir: string): Promise<void> {
  const password = await generatedPassword.read(dataDir);
  if (password === undefined) return;
  say(`Sign in as admin with password ${password}`);
  await generatedPassword.forget(dataDir);
}
