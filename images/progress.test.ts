import { describe, expect, it } from "vitest";
import { explainFailure } from "./build-error.ts";
import { BuildLog } from "./progress.ts";

describe("BuildLog", () => {
  it("follows the steps, and within the large one the packages", () => {
    const log = new BuildLog();
    expect(log.add("Step 1/4 : FROM debian")).toMatchObject({ step: 1, steps: 4, percent: 0 });
    log.add("Step 2/4 : RUN install");
    log.add("0 upgraded, 200 newly installed, 0 to remove and 0 not upgraded.");
    for (let index = 0; index < 300; index++) log.add(`Get:${index} http://mirror package`);
    expect(log.add("Unpacking something")?.percent).toBe(45);
    for (let index = 0; index < 300; index++) log.add("Setting up something");
    expect(log.add("Step 3/4 : COPY")).toMatchObject({ step: 3, percent: 93 });
  });

  it("never goes back, and says nothing about empty lines", () => {
    const log = new BuildLog();
    log.add("Step 3/4 : RUN");
    const before = log.add("something")?.percent ?? 0;
    expect(log.add("  ")).toBeUndefined();
    expect(log.add("3 newly installed")?.percent).toBeGreaterThanOrEqual(before);
  });

  it("keeps the last lines only", () => {
    const log = new BuildLog();
    for (let index = 0; index < 40; index++) log.add(`line ${index}`);
    expect(log.last).toHaveLength(15);
    expect(log.last.at(-1)).toBe("line 39");
  });
});

describe("explainFailure", () => {
  it.each([
    ["write /x: no space left on device", "disk_full"],
    ["E: You don't have enough free space in /var/cache/apt/archives/.", "disk_full"],
    ["Temporary failure resolving 'mirror.example'", "packages_unreachable"],
    ["E: Unable to locate package libxv1", "packages_unreachable"],
    ["something else", "build_failed"],
  ])("takes %s for %s", (line, code) => {
    const error = explainFailure("build_failed", "It could not be built.", ["before", line]);
    expect(error.code).toBe(code);
    expect(error.message).toContain(line);
  });
});
