import { describe, expect, it } from "vitest";
import { canAnyoneSwap, canSwap } from "./walk.ts";
import { dataPath, homePath } from "./template.ts";

const ada = { uid: 5000, gids: [5000, 700] };

describe("whether someone can put something else in a folder's place", () => {
  it.each([
    ["a folder of root's", { uid: 0, gid: 0, mode: 0o755 }, 5000, false],
    ["their own folder", { uid: 5000, gid: 0, mode: 0o555 }, 0, true],
    ["a folder that all may write", { uid: 0, gid: 0, mode: 0o777 }, 5000, true],
    ["what is theirs in a sticky folder", { uid: 0, gid: 0, mode: 0o1777 }, 5000, true],
    ["what is another's in a sticky folder", { uid: 0, gid: 0, mode: 0o1777 }, 0, false],
    ["a folder that a group of theirs may write", { uid: 0, gid: 700, mode: 0o775 }, 0, true],
    ["a folder that another group may write", { uid: 0, gid: 701, mode: 0o775 }, 0, false],
  ])("%s", (_name, parent, owner, can) => {
    expect(canSwap(parent, { uid: owner }, ada)).toBe(can);
  });
});

describe("whether anybody but root can", () => {
  it.each([
    ["a folder of root's", { uid: 0, mode: 0o755 }, 5000, false],
    ["a folder of somebody's", { uid: 1, mode: 0o755 }, 0, true],
    ["a folder of root's that a group may write", { uid: 0, mode: 0o775 }, 0, true],
    ["root's things in a sticky folder", { uid: 0, mode: 0o1777 }, 0, false],
    ["somebody's things in a sticky folder", { uid: 0, mode: 0o1777 }, 5000, true],
  ])("%s", (_name, parent, owner, can) => {
    expect(canAnyoneSwap(parent, { uid: owner })).toBe(can);
  });
});

it("fills a site's patterns", () => {
  const person = { username: "ada", uid: 5000 };
  expect(homePath("/nfs/{initial}/{username}-{uid}", person)).toBe("/nfs/a/ada-5000");
  const data = {
    experiment: "18342",
    beamline: "IMBL",
    year: 2026,
    path: null,
    access: "read" as const,
    gid: 6000,
    chosen: true,
    begun: true,
  };
  expect(dataPath("/nfs/{beamline}/{year}/{experiment}", data)).toBe("/nfs/IMBL/2026/18342");
  expect(dataPath("/nfs/{experiment}", { ...data, path: "/elsewhere" })).toBe("/elsewhere");
  expect(dataPath(undefined, data)).toBeNull();
});
