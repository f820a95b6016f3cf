import { describe, expect, it } from "vitest";
import { ImageProgress } from "./image-progress.ts";

function after(...lines: readonly (readonly [string, string, number?, number?])[]) {
  const progress = new ImageProgress();
  for (const [layer, status, current, total] of lines)
    progress.step({ layer, status, current, total });
  return { ...progress.now, left: progress.leftBytes };
}

describe("how far a pull is", () => {
  it("is not known before every layer has begun", () => {
    expect(after()).toEqual({ doneBytes: 0, totalBytes: null, percent: null, left: 0 });
    expect(
      after(
        ["1", "Pulling from team/mate"],
        ["a", "Pulling fs layer"],
        ["b", "Waiting"],
        ["a", "Downloading", 25, 100],
      ),
    ).toEqual({ doneBytes: 25, totalBytes: null, percent: null, left: 75 });
  });

  it("counts downloading and unpacking alike", () => {
    const begun = [
      ["a", "Pulling fs layer"],
      ["b", "Pulling fs layer"],
      ["c", "Already exists"],
    ] as const;
    expect(after(...begun, ["a", "Downloading", 50, 100], ["b", "Downloading", 50, 300])).toEqual({
      doneBytes: 100,
      totalBytes: 400,
      percent: 12,
      left: 300,
    });
    expect(
      after(
        ...begun,
        ["a", "Downloading", 50, 100],
        ["a", "Download complete"],
        ["b", "Extracting", 150, 300],
      ),
    ).toEqual({ doneBytes: 400, totalBytes: 400, percent: 68, left: 0 });
    expect(
      after(
        ...begun,
        ["a", "Extracting", 10, 100],
        ["a", "Pull complete"],
        ["b", "Extracting", 1, 300],
        ["b", "Pull complete"],
      ),
    ).toMatchObject({ percent: 100, left: 0 });
  });

  it("does not stumble over a layer so small that it is there at once", () => {
    expect(
      after(
        ["a", "Pulling fs layer"],
        ["a", "Download complete"],
        ["b", "Pulling fs layer"],
        ["b", "Downloading", 1, 2],
      ),
    ).toEqual({ doneBytes: 1, totalBytes: 2, percent: 25, left: 1 });
    expect(after(["a", "Pulling fs layer"], ["a", "Pull complete"])).toMatchObject({
      percent: null,
    });
  });
});
