import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { agrees, isInstalled } from "./install.mjs";

const package_ = { version: "1.0.0", integrity: "sha512-a" };

describe("agrees", () => {
  it("wants every package in its version", () => {
    expect(agrees({ "": {}, "node_modules/a": package_ }, { "node_modules/a": package_ })).toBe(
      true,
    );
    expect(agrees({ "node_modules/a": package_ }, {})).toBe(false);
    const newer = { "node_modules/a": { ...package_, version: "1.0.1" } };
    expect(agrees(newer, { "node_modules/a": package_ })).toBe(false);
    const other = { "node_modules/a": { ...package_, integrity: "sha512-b" } };
    expect(agrees(other, { "node_modules/a": package_ })).toBe(false);
  });

  it("does without optional ones, but not in another version", () => {
    const wanted = { "node_modules/a": { ...package_, optional: true } };
    expect(agrees(wanted, {})).toBe(true);
    expect(agrees(wanted, { "node_modules/a": { ...package_, version: "0.9.0" } })).toBe(false);
  });
});

describe("isInstalled", () => {
  let root: string;
  const file = (path: string, text: string): Promise<void> => writeFile(join(root, path), text);
  const lockFile = (version: string): string =>
    JSON.stringify({ packages: { "": {}, "node_modules/a": { version } } });

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "asci-install-"));
    await mkdir(join(root, "node_modules", ".bin"), { recursive: true });
    await file("node_modules/.bin/node", "");
    await file("package-lock.json", lockFile("1.0.0"));
    await file("node_modules/.package-lock.json", lockFile("1.0.0"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it("is true for what npm finished, and stays so by the stamp", async () => {
    expect(isInstalled(root)).toBe(true);
    await rm(join(root, "node_modules", ".package-lock.json"));
    expect(isInstalled(root)).toBe(true);
  });

  it("is false after an interrupted installation: npm's record comes last", async () => {
    await rm(join(root, "node_modules", ".package-lock.json"));
    expect(isInstalled(root)).toBe(false);
  });

  it("is false when package-lock.json wants something newer", async () => {
    expect(isInstalled(root)).toBe(true);
    await file("package-lock.json", lockFile("1.1.0"));
    expect(isInstalled(root)).toBe(false);
  });

  it("is true again when somebody installed that by hand", async () => {
    await file("package-lock.json", lockFile("1.1.0"));
    await file("node_modules/.package-lock.json", lockFile("1.1.0"));
    expect(isInstalled(root)).toBe(true);
  });

  it("is false without the Node that comes with the packages", async () => {
    await rm(join(root, "node_modules", ".bin", "node"));
    expect(isInstalled(root)).toBe(false);
  });
});
