import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  ensureNodeName,
  ensureSecrets,
  generatedPassword,
  openDataFolder,
  readablePassword,
} from "./data-folder.ts";

let root: string;
beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), "asci-data-")), "var");
});
afterEach(() => rm(join(root, ".."), { recursive: true, force: true }));

describe("the data folder", () => {
  it("keeps its keys to its owner", async () => {
    await openDataFolder(root);
    await ensureSecrets(root);
    expect((await stat(join(root, "keys"))).mode & 0o777).toBe(0o700);
    const names = await readdir(join(root, "keys"));
    expect(names).toHaveLength(6);
    for (const name of names)
      expect((await stat(join(root, "keys", name))).mode & 0o777).toBe(0o600);
  });

  it("makes each secret once", async () => {
    await openDataFolder(root);
    const first = await ensureSecrets(root);
    expect(await ensureSecrets(root)).toEqual(first);
    expect(Buffer.from(first.sealingKey, "base64")).toHaveLength(32);
    const all = [first.databaseOwner, ...Object.values(first.logins)];
    expect(new Set(all).size).toBe(5);
  });

  it("keeps the node's name", async () => {
    await openDataFolder(root);
    await writeFile(join(root, "node-name"), "gpu-01\n");
    expect(await ensureNodeName(root)).toBe("gpu-01");
  });

  it("keeps a generated password until it was shown", async () => {
    await openDataFolder(root);
    const password = await generatedPassword.ensure(root);
    expect(await generatedPassword.ensure(root)).toBe(password);
    expect(await generatedPassword.read(root)).toBe(password);
    await generatedPassword.forget(root);
    expect(await generatedPassword.read(root)).toBeUndefined();
  });

  it("says which setting is wrong where it cannot be made", async () => {
    const file = join(root, "..", "file");
    await writeFile(file, "");
    await expect(openDataFolder(join(file, "var"))).rejects.toMatchObject({ code: "settings" });
    expect(await readFile(file, "utf8")).toBe("");
  });
});

it("a readable password can be read out", () => {
  expect(readablePassword()).toMatch(
    /^([bdfghjkmnprstvz][aeiou]){2}(-([bdfghjkmnprstvz][aeiou]){2}){4}$/,
  );
  expect(readablePassword()).not.toBe(readablePassword());
});
