// What every npm script runs: any Node from version 20 on, with nothing installed yet. It installs the npm packages
// where they are missing or out of date, and then runs the command on the Node that is one of them. Nothing here may
// need a package or a newer Node; an old one must get as far as the sentence below, hence no newer syntax either.
import { spawn } from "child_process";
import { existsSync, readFileSync } from "fs";
import { dirname, join } from "path";
import { fileURLToPath } from "url";

const oldestNode = 20;
const root = dirname(dirname(fileURLToPath(import.meta.url)));

function main() {
  if (Number(process.versions.node.split(".")[0]) < oldestNode) {
    console.error(
      `ASCI needs Node ${oldestNode} or newer, and this is ${process.versions.node}: install a newer one.`,
    );
    process.exit(1);
  }
  import("./install.mjs")
    .then((install) => install.ensurePackages(root))
    .then(runCommand)
    .catch((error) => {
      console.error(error instanceof Error ? error.message : String(error));
      process.exit(error && error.exitCode ? error.exitCode : 1);
    });
}

function runCommand() {
  const args = process.argv.slice(2);
  if (args[0] === "install") return;
  const node = join(root, "node_modules", ".bin", "node");
  const child = spawn(node, [join(root, "cli", "main.ts"), ...args], {
    cwd: root,
    stdio: "inherit",
  });
  // The terminal's Ctrl-C reaches the child by itself, a signal to this process alone does not: it is passed on, and
  // the child takes two within an instant for one.
  const signals = hangUpIsIgnored() ? ["SIGINT", "SIGTERM"] : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`${node} does not run: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
    // A signal that does not end this process after all.
    setTimeout(() => process.exit(1), 100);
  });
}

/** Under nohup; a listener of ours would undo that. */
function hangUpIsIgnored() {
  if (!existsSync("/proc/self/status")) return false;
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"));
  return mask !== null && parseInt(mask[1].slice(-1), 16) % 2 === 1;
}

main();
