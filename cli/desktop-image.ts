import { BuildError } from "../images/build-error.ts";
import { ensureBaseImage } from "../images/build.ts";
import type { BaseImage } from "../images/build.ts";
import { HostError } from "../images/host.ts";
import { EngineError, ensureEngine } from "./engine.ts";
import { Failure } from "./failure.ts";
import { LogFile } from "./log-file.ts";
import { ImageProgress, isSentence } from "./progress.ts";
import { say } from "./terminal.ts";

/**
 * Makes sure of an engine and of the desktop image in it; says on the terminal what takes long.
 * @param stateDir where it is noted that we started the engine
 * @param logFile takes everything that the package manager and the builder say
 * @throws Failure `engine`, `image_failed`
 */
export async function prepareDesktopImage(stateDir: string, logFile: string): Promise<BaseImage> {
  const log = new LogFile(logFile);
  try {
    const { docker } = await ensureEngine({
      stateDir,
      onProgress: (line) => {
        log.write(`${line}\n`);
        if (isSentence(line)) say(line);
      },
    });
    const progress = new ImageProgress(say);
    return await ensureBaseImage(docker, {
      onProgress: (step) => {
        log.write(`${step.line}\n`);
        progress.report(step);
      },
    });
  } catch (error) {
    if (error instanceof EngineError) throw new Failure("engine", error.message, { cause: error });
    if (error instanceof BuildError || error instanceof HostError) {
      throw new Failure("image_failed", error.message, { cause: error });
    }
    throw error;
  }
}
