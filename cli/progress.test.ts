import { describe, expect, it } from "vitest";
import { ImageProgress, isSentence } from "./progress.ts";

describe("ImageProgress", () => {
  it("says each phase once and every fifth of the build", () => {
    const lines: string[] = [];
    const progress = new ImageProgress((line) => lines.push(line));
    progress.report({ phase: "check", line: "looking" });
    progress.report({ phase: "debian", line: "I: Retrieving", percent: 50 });
    for (let percent = 0; percent <= 100; percent++) {
      progress.report({ phase: "build", line: "Unpacking", percent });
    }
    expect(lines).toEqual([
      "Getting a Debian for the desktop image",
      "Building the desktop image: some minutes, this once",
      ...[20, 40, 60, 80].map((percent) => `Building the desktop image: ${percent} %`),
    ]);
  });

  it("is silent where the image is there", () => {
    const lines: string[] = [];
    new ImageProgress((line) => lines.push(line)).report({ phase: "check", line: "looking" });
    expect(lines).toEqual([]);
  });
});

it("tells sentences from the package manager's output", () => {
  expect(isSentence("Installing the Docker engine")).toBe(true);
  expect(isSentence("Get:1 docker.io 20.10 [30 MB]")).toBe(false);
});
