import { describe, expect, it } from "vitest";
import type { AdminNode } from "../../../gateway/node-schemas.ts";
import { arrangeNodes, countNodeStates, nextSort, readView, searchNodes } from "./nodes-view.ts";

const node = (name: string, it: Partial<AdminNode> = {}): AdminNode =>
  ({
    name,
    state: "ready",
    hold: null,
    labels: {},
    capacity: { cpus: 64, memoryBytes: 100, gpus: 0, gpuMemoryBytes: 0 },
    allocated: { cpus: 0, memoryBytes: 0, gpus: 0, gpuMemoryBytes: 0, instances: 0 },
    people: 0,
    dedicatedTo: null,
    gatheredFor: null,
    images: { present: 0, wanted: 0, pulling: 0, failed: 0 },
    ...it,
  }) as AdminNode;

const names = (nodes: readonly AdminNode[]) => nodes.map((it) => it.name);
const arranged = (nodes: readonly AdminNode[], parameters: Record<string, string>) =>
  names(arrangeNodes(nodes, readView(parameters)));

describe("the view that an address says", () => {
  it("is by name where nothing is said, or something that is not known", () => {
    const usual = { search: "", state: null, sort: "name", descending: false };
    expect(readView({})).toEqual(usual);
    expect(readView({ state: "asleep", sort: "-colour" })).toEqual(usual);
    expect(readView({ search: "a40", state: "lost", sort: "-cpus" })).toEqual({
      search: "a40",
      state: "lost",
      sort: "cpus",
      descending: true,
    });
  });

  it("changes with a press on a head: the fullest first, then the other way round", () => {
    expect(nextSort(readView({}), "cpus")).toBe("-cpus");
    expect(nextSort(readView({ sort: "-cpus" }), "cpus")).toBe("cpus");
    expect(nextSort(readView({ sort: "-cpus" }), "state")).toBe("state");
    expect(nextSort(readView({}), "name")).toBe("-name");
    expect(nextSort(readView({ sort: "-name" }), "name")).toBeNull();
  });
});

describe("nodes", () => {
  it("are found by every word in name, labels, dedication or hold", () => {
    const nodes = [
      node("gpu-01", { labels: { zone: "hall-2", "asci.gpu.model": "a40" } }),
      node("gpu-02", {
        labels: { zone: "hall-2" },
        dedicatedTo: { experiment: "18342", until: "" },
      }),
      node("gpu-03", { hold: { by: "Zoë", reason: "new kernel", at: "" } }),
    ];
    const found = (search: string) => names(searchNodes(nodes, search));
    expect(found("HALL-2 a40")).toEqual(["gpu-01"]);
    expect(found("zone=hall-2")).toEqual(["gpu-01", "gpu-02"]);
    expect(found("18342")).toEqual(["gpu-02"]);
    expect(found("zoe kernel")).toEqual(["gpu-03"]);
    expect(found("hall-2 kernel")).toEqual([]);
    expect(found(" ")).toHaveLength(3);
  });

  it("are sorted by how full they are, not by how large; what there is none of is the emptiest", () => {
    const taken = (cpus: number, of: number): Partial<AdminNode> => ({
      capacity: { cpus: of, memoryBytes: 1, gpus: 0, gpuMemoryBytes: 0 },
      allocated: { cpus, memoryBytes: 0, gpus: 0, gpuMemoryBytes: 0, instances: 0 },
    });
    const nodes = [
      node("large", taken(64, 128)),
      node("small", taken(15, 16)),
      node("none", taken(0, 0)),
      node("idle", taken(0, 8)),
    ];
    expect(arranged(nodes, { sort: "-cpus" })).toEqual(["small", "large", "idle", "none"]);
    expect(arranged(nodes, { sort: "cpus" })).toEqual(["none", "idle", "large", "small"]);
  });

  it("are by name as people count, and in trouble first where that is asked for", () => {
    const nodes = [
      node("gpu-10"),
      node("gpu-9", { state: "lost" }),
      node("gpu-2", { state: "draining" }),
    ];
    expect(arranged(nodes, {})).toEqual(["gpu-2", "gpu-9", "gpu-10"]);
    expect(arranged(nodes, { sort: "-name" })).toEqual(["gpu-10", "gpu-9", "gpu-2"]);
    expect(arranged(nodes, { sort: "state" })).toEqual(["gpu-9", "gpu-2", "gpu-10"]);
    expect(arranged(nodes, { state: "draining" })).toEqual(["gpu-2"]);
    expect(countNodeStates(nodes)).toEqual([
      { state: "lost", count: 1 },
      { state: "draining", count: 1 },
      { state: "ready", count: 1 },
    ]);
  });
});
