import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defaultMirrors, findMirrors } from "./mirror.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mirror-"));
  await mkdir(join(directory, "sources.list.d"));
});

afterEach(() => rm(directory, { recursive: true }));

describe("findMirrors", () => {
  it("reads one-line sources, as plain http", async () => {
    await writeFile(
      join(directory, "sources.list"),
      [
        "# deb http://old.example/debian bookworm main",
        "deb [arch=amd64 signed-by=/x.gpg] https://mirror.example/debian/ bookworm main",
        "deb-src http://src.example/debian bookworm main",
        "deb http://mirror.example/debian-security bookworm-security main",
      ].join("\n"),
    );
    expect(await findMirrors(directory)).toEqual({
      main: "http://mirror.example/debian",
      security: "http://mirror.example/debian-security",
    });
  });

  it("reads deb822 stanzas, and leaves out what is switched off or not Debian's", async () => {
    await writeFile(
      join(directory, "sources.list.d", "debian.sources"),
      [
        "Types: deb\nEnabled: no\nURIs: http://off.example/debian\nSuites: bookworm",
        "Types: deb\n# a remark\nURIs: http://mirror.example/debian\nSuites: bookworm",
        "Types: deb\nURIs: http://other.example/node_20.x\nSuites: nodistro",
      ].join("\n\n"),
    );
    expect(await findMirrors(directory)).toEqual({
      main: "http://mirror.example/debian",
      security: defaultMirrors.security,
    });
  });

  it("falls back to Debian's own where the host names none", async () => {
    await writeFile(
      join(directory, "sources.list"),
      "deb http://mirror.example/ubuntu noble main\n",
    );
    expect(await findMirrors(directory)).toEqual(defaultMirrors);
  });
});
