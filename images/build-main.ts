import { ensureEngine } from "../cli/engine.ts";
import { ensureBaseImage } from "./build.ts";
import type { Progress } from "./progress.ts";

const stateDir = process.argv[2] ?? "var/engine";
const began = Date.now();

function show(progress: Progress): void {
  const seconds = ((Date.now() - began) / 1000).toFixed(0).padStart(4);
  const percent =
    progress.percent === undefined ? "    " : `${String(progress.percent).padStart(3)}%`;
  console.log(`${seconds} s  ${progress.phase.padEnd(6)} ${percent}  ${progress.line}`);
}

const { docker } = await ensureEngine({ stateDir, onProgress: (line) => console.log(line) });
try {
  const { image, id } = await ensureBaseImage(docker, { onProgress: show });
  console.log(`${image} is ready (${id})`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
