import { asFailure } from "./failure.ts";
import { rerunAsRoot } from "./privilege.ts";
import { say, sayError, tolerateClosedOutput } from "./terminal.ts";

interface Command {
  name: string;
  summary: string;
  /** Homes with uids of their own, the engine, system users. */
  needsRoot: boolean;
  run(args: readonly string[]): Promise<number>;
}

/** A command's code is loaded when it is asked for: the start of one does not wait for the others. */
const commands: readonly Command[] = [
  {
    name: "start",
    summary: "install what is missing and run ASCI on this machine",
    needsRoot: true,
    run: async () => (await import("./start.ts")).start(process.env),
  },
  {
    name: "stop",
    summary: "stop ASCI, its desktops, and the engine if ASCI started it",
    needsRoot: true,
    run: async () => (await import("./stop.ts")).stop(process.env),
  },
  {
    name: "dev",
    summary: "like start, but pages and servers follow the files",
    needsRoot: true,
    run: async () => (await import("./dev.ts")).dev(process.env),
  },
  {
    name: "build",
    summary: "build the pages for production",
    needsRoot: false,
    run: async () => {
      await (await import("./ui-build.ts")).buildUi(say);
      return 0;
    },
  },
  {
    name: "keys",
    summary: "the keys that sign tickets: keys list, keys rotate [--now], keys retire KEY",
    // For the files of the data folder; a database of one's own is open to who knows its address.
    needsRoot: !process.env["DATABASE_URL"],
    run: async (args) => (await import("./keys.ts")).keys(args, process.env),
  },
  {
    name: "cluster",
    summary:
      "run several nodes on this machine: cluster [COUNT], cluster cut NODE, cluster mend NODE",
    needsRoot: true,
    run: async (args) => (await import("./cluster/command.ts")).cluster(args, process.env),
  },
  {
    name: "bench",
    summary: "measure, each figure beside its floor or a peer; arguments name single benches",
    needsRoot: true,
    run: async (args) => (await import("../bench/main.ts")).bench(args),
  },
  {
    name: "screenshots",
    summary: "make the README's pictures from a real installation; or: scenes FOLDER [NAME…]",
    needsRoot: true,
    run: async (args) => (await import("../test/screenshots.ts")).takeScreenshots(args),
  },
  {
    name: "test",
    summary: "install what is missing and run every test; arguments go to vitest",
    needsRoot: true,
    run: async (args) => (await import("./test.ts")).test(args),
  },
  {
    name: "test:unit",
    summary: "run the tests that need nothing but Node",
    needsRoot: false,
    run: async (args) => (await import("./test.ts")).testUnit(args),
  },
];

function usage(): string {
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`);
  return ["Usage: node cli/bootstrap.mjs COMMAND", "", ...lines].join("\n");
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === "help" || name === "--help") {
    say(usage());
    return 0;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    sayError(name === undefined ? usage() : `There is no command ${name}.\n${usage()}`);
    return 2;
  }
  const asRoot = command.needsRoot
    ? await rerunAsRoot([import.meta.filename, command.name, ...args])
    : undefined;
  return asRoot ?? (await command.run(args));
}

tolerateClosedOutput();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const failure = asFailure(error);
  // A failure is written for the person; anything else is a fault of ours, and its trace helps to find it.
  sayError(failure?.message ?? String(error instanceof Error ? error.stack : error));
  process.exitCode = failure?.code === "interrupted" ? 130 : 1;
}
// What a failed start still had under way (a download, a build) would keep the process alive.
process.exit();
