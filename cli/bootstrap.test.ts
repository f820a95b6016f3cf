import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** A project of nothing but the bootstrap, an npm that notes its calls, and the command given by a test. */
let root: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "asci-bootstrap-"));
  for (const folder of ["cli", "bin", "calls"]) await mkdir(join(root, folder));
  for (const file of ["bootstrap.mjs", "install.mjs"]) {
    await copyFile(join(import.meta.dirname, file), join(root, "cli", file));
  }
  await writeFile(join(root, "package.json"), '{"type":"module"}');
  await writeFile(join(root, "package-lock.json"), '{"packages":{}}');
  await program(
    "npm",
    `echo "$@" >> calls/npm
     mkdir -p node_modules/.bin
     [ -e node_modules/.bin/node ] || ln -s ${process.execPath} node_modules/.bin/node
     cp package-lock.json node_modules/.package-lock.json`,
  );
});
afterEach(async () => {
  // A test that fails must not leave its command running.
  for (const child of children.splice(0)) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) continue;
    process.kill(-child.pid, "SIGKILL");
  }
  await rm(root, { recursive: true, force: true });
});

async function program(name: string, script: string): Promise<void> {
  const path = join(root, "bin", name);
  await writeFile(path, `#!/bin/sh\nset -e\n${script}\n`);
  await chmod(path, 0o755);
}

async function install(): Promise<void> {
  await mkdir(join(root, "node_modules", ".bin"), { recursive: true });
  await symlink(process.execPath, join(root, "node_modules", ".bin", "node"));
  await writeFile(join(root, "node_modules", ".package-lock.json"), '{"packages":{}}');
}

interface Result {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
}

function start(...args: string[]): { child: ChildProcess; result: Promise<Result> } {
  const child = spawn(process.execPath, [join(root, "cli", "bootstrap.mjs"), ...args], {
    cwd: tmpdir(),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: `${join(root, "bin")}:/usr/bin:/bin`, npm_config_registry: "as it was" },
  });
  children.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const result = once(child, "close").then(([code, signal]) => ({
    code: code as Result["code"],
    signal: signal as Result["signal"],
    output,
  }));
  return { child, result };
}

const npmCalls = (): Promise<string> =>
  readFile(join(root, "calls", "npm"), "utf8").catch(() => "");
const command = (text: string): Promise<void> => writeFile(join(root, "cli", "main.ts"), text);

describe("bootstrap", () => {
  it("installs what is missing, once, and then runs the command in the project's folder", async () => {
    await command(`const args: string[] = process.argv.slice(2);
      console.log(args.join(), process.cwd());`);
    const first = await start("start", "--flag").result;
    expect(first).toMatchObject({ code: 0 });
    expect(first.output).toContain(`start,--flag ${root}`);
    expect((await start("start").result).output).toBe(`start ${root}\n`);
    expect(await npmCalls()).toBe("ci --include=dev --no-audit --no-fund\n");
  });

  it("lets one of two install while the other waits", async () => {
    await command("");
    await program(
      "npm",
      `[ ! -e calls/busy ] || echo together >> calls/npm
       touch calls/busy; echo "$@" >> calls/npm; mkdir -p node_modules/.bin
       ln -s ${process.execPath} node_modules/.bin/node
       cp package-lock.json node_modules/.package-lock.json; rm calls/busy`,
    );
    const results = await Promise.all([start("a").result, start("b").result]);
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    expect((await npmCalls()).trim().split("\n")).toHaveLength(1);
  });

  it("repairs an installation that was cut off", async () => {
    await command("");
    await install();
    await rm(join(root, "node_modules", ".package-lock.json"));
    expect((await start("start").result).code).toBe(0);
    expect(await npmCalls()).toContain("ci");
  });

  it("says in a sentence that npm failed, and runs nothing", async () => {
    await command('console.log("ran")');
    await program("npm", "exit 1");
    const { code, output } = await start("start").result;
    expect(code).toBe(1);
    expect(output).toContain("npm could not install the packages");
    expect(output).not.toContain("ran");
  });

  it("passes the exit code on", async () => {
    await install();
    await command("process.exit(7)");
    expect((await start("start").result).code).toBe(7);
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "passes %s on and waits for the command's end",
    async (signal) => {
      await install();
      await command(`process.on("${signal}", () => { console.log("ending"); process.exit(3); });
      setInterval(() => undefined, 1000);
      console.log("running");`);
      const { child, result } = start("start");
      if (child.stdout !== null) await once(child.stdout, "data");
      child.kill(signal);
      expect(await result).toMatchObject({ code: 3, output: "running\nending\n" });
    },
  );

  it("ends by the signal that ended the command", async () => {
    await install();
    await command('process.kill(process.pid, "SIGKILL")');
    expect((await start("start").result).signal).toBe("SIGKILL");
  });
});
