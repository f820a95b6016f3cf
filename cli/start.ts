import { launch } from "./launch.ts";
import { readSettings } from "./settings.ts";
import { ensureUi, uiDir } from "./ui-build.ts";

/** `npm start`. */
export async function start(environment: Readonly<NodeJS.ProcessEnv>): Promise<number> {
  return launch({ settings: readSettings(environment), preparePages: ensureUi, uiDir });
}
