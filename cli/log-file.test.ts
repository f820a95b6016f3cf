import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LogFile } from "./log-file.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "asci-log-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe("LogFile", () => {
  it("rotates by size and keeps so many old files", async () => {
    const path = join(directory, "logs", "relay.log");
    const log = new LogFile(path, { maxBytes: 10, kept: 2 });
    for (const line of ["one", "two", "three", "four", "five", "six"]) log.write(`${line}\n`);
    expect(await readFile(path, "utf8")).toBe("six\n");
    expect(await readFile(`${path}.1`, "utf8")).toBe("four\nfive\n");
    expect(await readFile(`${path}.2`, "utf8")).toBe("three\n");
    expect(await readdir(join(directory, "logs"))).toHaveLength(3);
  });

  it("goes on with the file that is there", async () => {
    const path = join(directory, "relay.log");
    new LogFile(path, { maxBytes: 10 }).write("12345678\n");
    new LogFile(path, { maxBytes: 10 }).write("next\n");
    expect(await readFile(path, "utf8")).toBe("next\n");
  });

  it("loses lines rather than failing where it cannot write", async () => {
    const log = new LogFile(join(directory, "logs", "relay.log"));
    await rm(join(directory, "logs"), { recursive: true });
    expect(() => log.write("lost\n")).not.toThrow();
  });
});
