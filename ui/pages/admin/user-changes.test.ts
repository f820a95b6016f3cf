import { describe, expect, it } from "vitest";
import type { AdminUser } from "../../../gateway/admin-schemas.ts";
import { changesOf } from "./user-changes.ts";

const user: AdminUser = {
  id: "0198a4c2-0000-7000-8000-000000000001",
  username: "mkovac",
  displayName: "Mira Kovač",
  email: "mira@lab.example",
  roles: ["admin", "user"],
  disabled: false,
  uid: 200_001,
  createdAt: "2026-01-01T00:00:00.000Z",
  lastSignInAt: null,
};
const same = {
  displayName: "Mira Kovač",
  email: "mira@lab.example",
  password: "",
  roles: ["user", "admin"] as const,
};

describe("changesOf", () => {
  it.each([
    ["nothing", {}, {}],
    ["a new password", { password: "0123456789" }, { password: "0123456789" }],
    ["an e-mail address taken away", { email: "" }, { email: null }],
    ["a name", { displayName: "M. Kovač" }, { displayName: "M. Kovač" }],
    ["an emptied name, for the server to refuse", { displayName: "" }, { displayName: "" }],
    ["a role less", { roles: ["user"] as const }, { roles: ["user"] }],
    ["another role", { roles: ["user", "staff"] as const }, { roles: ["user", "staff"] }],
    ["no role, for the server to refuse", { roles: [] }, { roles: [] }],
  ])("%s", (_name, typed, expected) => {
    expect(changesOf(user, { ...same, ...typed })).toEqual(expected);
  });
});
