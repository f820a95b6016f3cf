import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fingerprintOf } from "./ui-build.ts";

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "asci-ui-"));
  await mkdir(join(base, "ui", "pages"), { recursive: true });
  await writeFile(join(base, "ui", "main.tsx"), "one");
  await writeFile(join(base, "lock.json"), "{}");
});
afterEach(() => rm(base, { recursive: true, force: true }));

const fingerprint = (): Promise<string> => fingerprintOf(["ui", "lock.json", "missing"], base);

describe("fingerprintOf", () => {
  it("changes with a content, a name, a new file and a removed one", async () => {
    const seen = [await fingerprint()];
    await writeFile(join(base, "ui", "main.tsx"), "two");
    seen.push(await fingerprint());
    await writeFile(join(base, "ui", "pages", "catalogue.tsx"), "");
    seen.push(await fingerprint());
    await rm(join(base, "ui", "main.tsx"));
    seen.push(await fingerprint());
    await writeFile(join(base, "lock.json"), '{"a":1}');
    seen.push(await fingerprint());
    expect(new Set(seen).size).toBe(5);
  });

  it("does not change with a test or a date", async () => {
    const before = await fingerprint();
    await writeFile(join(base, "ui", "pages", "catalogue.test.tsx"), "new");
    await writeFile(join(base, "ui", "main.tsx"), "one");
    expect(await fingerprint()).toBe(before);
  });
});
