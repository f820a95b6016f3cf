/** The pages of the administration. */
import { catalogueScenes } from "./admin-catalogue.ts";
import { button, table } from "./admin-steps.ts";
import { recordScenes } from "./admin-records.ts";
import { nodeScenes } from "./nodes.ts";
import type { Scene } from "./scene.ts";

const people: readonly Scene[] = [
  { name: "nodes", as: "admin", open: (page) => table(page, "/admin/nodes") },
  { name: "users", as: "admin", open: (page) => table(page, "/admin/users") },
  {
    name: "users-none",
    as: "admin",
    async open(page) {
      await page.goto("/admin/users?search=nobody+like+this");
      await page.getByText("Nothing matches").waitFor();
    },
  },
  {
    name: "user-add",
    as: "admin",
    async open(page) {
      await table(page, "/admin/users");
      await button(page, "Add a user").click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "user-add-wrong",
    as: "admin",
    complaints: /400/,
    async open(page) {
      await table(page, "/admin/users");
      await button(page, "Add a user").click();
      await page.getByLabel("E-mail").fill("not an address");
      await page.getByRole("checkbox", { name: /^User/ }).uncheck();
      await button(page, "Add").click();
      await page.getByText("This is not an e-mail address.").waitFor();
    },
  },
  {
    name: "user-edit",
    as: "admin",
    async open(page) {
      await table(page, "/admin/users");
      await button(page, "Edit Person 10").click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "user-sign-out",
    as: "admin",
    async open(page) {
      await table(page, "/admin/users");
      await button(page, "Sign out Person 10").click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
  {
    name: "user-disable",
    as: "admin",
    async open(page) {
      await table(page, "/admin/users");
      await button(page, "Disable Person 10").click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
  {
    name: "forbidden",
    as: "zero",
    async open(page) {
      await page.goto("/admin/users");
      await page.getByText("This page is for administrators.").waitFor();
    },
  },
];

export const administration: readonly Scene[] = [
  ...people,
  ...catalogueScenes,
  ...recordScenes,
  ...nodeScenes,
];
