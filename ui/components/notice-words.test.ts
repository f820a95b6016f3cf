import { describe, expect, it } from "vitest";
import type { Instance } from "../../gateway/schemas.ts";
import { noticeWords } from "./notice-words.ts";

const nowMs = Date.parse("2026-11-22T12:00:00.000Z");
const words = (code: string, text: string, expiresAt: string | null = null) =>
  noticeWords(
    {
      notice: { code, text, at: "2026-11-22T10:00:00.000Z" },
      node: { id: "1", name: "gpu-04" },
      expiresAt,
    } as Instance,
    nowMs,
  );

describe("what the people of a desktop are asked", () => {
  it("names the node that is emptied, with the reason that was given", () => {
    const tail = "Restart on another node when it suits you; nothing is stopped without you.";
    expect(words("node_draining", `gpu-04 is being emptied: new kernel. ${tail}`)).toEqual({
      title: "The node gpu-04 is being emptied.",
      lines: [
        "Because: new kernel",
        "Please restart elsewhere when it suits you. Nothing is stopped without you.",
      ],
      ends: false,
    });
    expect(words("node_draining", `gpu-04 is being emptied. ${tail}`)?.lines[0]).toBeNull();
  });

  it("says until when a beamtime needs the node", () => {
    expect(
      words("node_needed_for_beamtime", "until 2026-11-25T08:00:00.000Z its node is needed")?.title,
    ).toMatch(/^A beamtime needs the node gpu-04, until .*25.*\.$/);
    expect(words("node_needed_for_beamtime", "soon")?.title).toBe(
      "A beamtime needs the node gpu-04.",
    );
  });

  it("says when it ends", () => {
    expect(words("ends_soon", "x", "2026-11-22T12:22:00.000Z")).toMatchObject({
      title: "It ends in 22 minutes.",
      ends: true,
    });
  });

  it("keeps the server's words for what it does not know, and is nothing where nothing is asked", () => {
    expect(words("moon", "the moon is full")?.title).toBe("The moon is full.");
    expect(noticeWords({ notice: null } as Instance, nowMs)).toBeNull();
  });
});
