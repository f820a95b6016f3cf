import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { expect, it } from "vitest";
import { ensureBaseImage } from "../images/build.ts";
import { measureFloor } from "./floor.ts";

it("measures each phase of a start, in order", { timeout: 1_200_000 }, async () => {
  const docker = new Docker();
  const { image } = await ensureBaseImage(docker);
  const home = await mkdtemp(join(tmpdir(), "floor-home-"));
  await chown(home, 10001, 10001);
  try {
    const runs = await measureFloor(docker, { image, home, uid: 10001, runs: 2 });
    expect(runs).toHaveLength(2);
    for (const run of runs) {
      expect(run.createdMs).toBeGreaterThan(0);
      expect(run.startedMs).toBeGreaterThan(run.createdMs);
      expect(run.bannerMs).toBeGreaterThan(run.createdMs);
      expect(run.panelMs).toBeGreaterThan(run.createdMs);
    }
  } finally {
    await rm(home, { recursive: true });
  }
});
