import { describe, expect, it } from "vitest";
import { parseImageName } from "./image-store.ts";

describe("an image's name", () => {
  it.each([
    ["registry.example/team/mate:2026.01", "registry.example/team/mate", "2026.01", true],
    ["registry.example:5000/mate", "registry.example:5000/mate", undefined, true],
    ["localhost/mate:1", "localhost/mate", "1", true],
    ["127.0.0.1:5000/a/b@sha256:00", "127.0.0.1:5000/a/b", undefined, true],
    ["127.0.0.1:5000/a/b:1@sha256:00", "127.0.0.1:5000/a/b", "1", true],
    ["asci/base:0123", "asci/base", "0123", false],
    ["debian:trixie", "debian", "trixie", false],
    ["sha256:0123", "sha256", "0123", false],
    ["none", "none", undefined, false],
  ])("%s is %s with tag %s", (image, repository, tag, namesRegistry) => {
    expect(parseImageName(image)).toEqual({ repository, tag, namesRegistry });
  });
});
