import { describe, expect, it } from "vitest";
import { isDebianLike, runCommand, systemPath } from "./host.ts";

describe("runCommand", () => {
  it("gives every line of both outputs", async () => {
    const lines: string[] = [];
    await runCommand(["sh", "-c", "echo one; echo two >&2"], {
      onLine: (line) => lines.push(line),
    });
    expect(lines.sort()).toEqual(["one", "two"]);
  });

  it("fails with the last lines of output", async () => {
    await expect(runCommand(["sh", "-c", "echo reason; exit 3"])).rejects.toMatchObject({
      code: "command_failed",
      message: expect.stringMatching(/code 3\nreason$/),
    });
  });

  it("fails when there is no such program", async () => {
    await expect(runCommand(["/nowhere/program"])).rejects.toMatchObject({
      code: "command_failed",
    });
  });
});

describe("isDebianLike", () => {
  it.each([
    ["ID=debian\n", true],
    ["NAME=x\nID=ubuntu\nID_LIKE=debian\n", true],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', true],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"\n', false],
    ["", false],
  ])("of %j is %s", (text, expected) => {
    expect(isDebianLike(text)).toBe(expected);
  });
});

describe("systemPath", () => {
  it("adds what a person's path lacks, behind it, once", () => {
    expect(systemPath("/mine:/usr/bin")).toBe(
      "/mine:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin",
    );
  });
});
