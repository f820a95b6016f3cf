import { beforeEach, describe, expect, it } from "vitest";
import type { Instance } from "../../gateway/schemas.ts";
import type { List } from "./calls.ts";
import {
  acceptInstance,
  guessInstance,
  hearInstance,
  markAsked,
  mergeList,
} from "./instance-cache.ts";
import { keys, queryClient } from "./query-client.ts";

let count = 0;
const newId = (): string => `instance-${(count += 1)}`;
const make = (id: string, state: Instance["state"]) =>
  ({ id, state, timeline: [] }) as unknown as Instance;
const listed = (): Instance[] =>
  queryClient.getQueryData<List<Instance>>(keys.instances)?.items ?? [];
const stateOf = (id: string): string | undefined => listed().find((it) => it.id === id)?.state;

beforeEach(() => {
  queryClient.clear();
  queryClient.setQueryData<List<Instance>>(keys.instances, { items: [], nextCursor: null });
});

describe("what is heard and what is answered", () => {
  it("an event changes the list and the single instance", () => {
    const id = newId();
    hearInstance(id, make(id, "queued"));
    hearInstance(id, make(id, "running"));
    expect(stateOf(id)).toBe("running");
    expect(queryClient.getQueryData<Instance>(keys.instance(id))?.state).toBe("running");
  });

  it("an answer that was asked for before the last event does not undo it", () => {
    const id = newId();
    const asked = markAsked();
    hearInstance(id, make(id, "running"));
    expect(acceptInstance(make(id, "queued"), asked).state).toBe("running");
    expect(stateOf(id)).toBe("running");
  });

  it("an answer that was asked for after it counts", () => {
    const id = newId();
    hearInstance(id, make(id, "running"));
    const asked = markAsked();
    expect(acceptInstance(make(id, "stopping"), asked).state).toBe("stopping");
  });

  it("a list that was on its way meanwhile takes in what was heard", () => {
    const [changed, gone, fresh] = [newId(), newId(), newId()];
    const asked = markAsked();
    hearInstance(changed, make(changed, "running"));
    hearInstance(gone, null);
    hearInstance(fresh, make(fresh, "queued"));
    const merged = mergeList(
      { items: [make(changed, "queued"), make(gone, "stopped")], nextCursor: null },
      asked,
    );
    expect(merged.items.map((it) => [it.id, it.state])).toEqual([
      [changed, "running"],
      [fresh, "queued"],
    ]);
  });

  it("what is gone leaves the list", () => {
    const id = newId();
    hearInstance(id, make(id, "stopped"));
    hearInstance(id, null);
    expect(stateOf(id)).toBeUndefined();
  });
});

describe("a guess", () => {
  it("shows at once and goes back as it was", () => {
    const id = newId();
    hearInstance(id, make(id, "running"));
    const takeBack = guessInstance(make(id, "running"), { state: "stopping" });
    expect(stateOf(id)).toBe("stopping");
    takeBack();
    expect(stateOf(id)).toBe("running");
  });

  it("does not undo what was heard since", () => {
    const id = newId();
    const takeBack = guessInstance(make(id, "running"), { state: "stopping" });
    hearInstance(id, make(id, "failed"));
    takeBack();
    expect(stateOf(id)).toBe("failed");
  });
});
