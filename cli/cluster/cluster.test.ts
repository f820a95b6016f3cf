import { describe, expect, it } from "vitest";
import { readSettings } from "../settings.ts";
import { startCluster } from "./cluster.ts";
import { nodeNetwork } from "./network.ts";

const start = (...names: string[]) =>
  startCluster({
    nodes: names.map((name) => ({ name })),
    settings: readSettings({ ASCI_DATA: "/nonexistent/cluster" }),
    images: {
      folder: "/nonexistent/image",
      content: "none",
      fill: () => Promise.reject(new Error("nothing is to be made")),
    },
    onLine: () => {},
  });

describe("a cluster", () => {
  it.each([
    [["a", "b", "a"], "Two nodes are called a: give each a name of its own."],
    [["Node 1"], '"Node 1" is no name for a node: give small letters, digits, dots and hyphens.'],
    [["ends-"], '"ends-" is no name for a node: give small letters, digits, dots and hyphens.'],
    [[], "A cluster has 1 to 60 nodes, and not 0."],
    [Array.from({ length: 61 }, (_, n) => `n${n}`), "A cluster has 1 to 60 nodes, and not 61."],
  ])("is refused nodes called %j", async (names, message) => {
    await expect(start(...names)).rejects.toMatchObject({ code: "usage", message });
  });
});

describe("networks of nodes", () => {
  it("have two addresses each, and names that fit an interface", () => {
    const all = Array.from({ length: 61 }, (_, at) => nodeNetwork("0a1b", 255, at + 1));
    expect(all[0]).toEqual({
      name: "asci-0a1b-1",
      path: "/run/netns/asci-0a1b-1",
      hostAddress: "198.18.255.5",
      nodeAddress: "198.18.255.6",
      subnet: "198.18.255.4/30",
    });
    expect(all.at(-1)?.nodeAddress).toBe("198.18.255.246");
    expect(new Set(all.map((it) => it.subnet)).size).toBe(61);
    for (const { name } of all) expect(name.length).toBeLessThanOrEqual(15);
  });
});
