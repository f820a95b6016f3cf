import { describe, expect, it } from "vitest";
import { actions, allows, states } from "../../db/states.ts";
import { whyNot } from "./why-not.ts";

describe("whyNot", () => {
  it.each(actions.flatMap((action) => states.map((state) => [action, state] as const)))(
    "%s in %s has a reason exactly where it is not allowed",
    (action, state) => {
      const reason = whyNot(state, action);
      if (allows(state, action)) expect(reason).toBeNull();
      else expect(reason).toMatch(/\w/);
    },
  );
});
