/** Tokens, sign-in providers and the audit trail. */
import { button, dialog, table } from "./admin-steps.ts";
import { noProviders, providersOf } from "./administration.ts";
import type { Scene } from "./scene.ts";

const forget: NonNullable<Scene["close"]> = async (stage) => void (await noProviders(stage));

export const recordScenes: readonly Scene[] = [
  { name: "instances", as: "admin", open: (page) => table(page, "/admin/instances") },
  {
    name: "instances-none",
    as: "keeper",
    async open(page) {
      await page.goto("/admin/instances");
      await page.getByText("Nothing was started yet.").waitFor();
    },
  },
  {
    name: "instance-stop",
    as: "admin",
    async open(page) {
      await table(page, "/admin/instances?state=running");
      await button(page, /^Stop .* of /)
        .first()
        .click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
  {
    name: "environment-staff",
    as: "keeper",
    async open(page) {
      await table(page, "/admin/environments");
      await page.getByRole("row").nth(1).getByRole("link").click();
      await page.getByRole("heading", { level: 1 }).waitFor();
      await button(page, /^Open/).first().click();
      await page.getByRole("dialog").waitFor();
    },
  },
  { name: "tokens", as: "admin", open: (page) => table(page, "/admin/tokens") },
  {
    name: "token-revoke",
    as: "admin",
    async open(page) {
      await table(page, "/admin/tokens?search=person-7");
      await button(page, "Revoke Nightly run of person-7 of person-7").first().click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
  {
    name: "providers",
    as: "admin",
    async open(page, stage) {
      await providersOf(stage);
      await table(page, "/admin/providers");
    },
    close: forget,
  },
  {
    name: "providers-none",
    as: "admin",
    async open(page) {
      await page.goto("/admin/providers");
      await page.getByText("No providers yet").waitFor();
    },
  },
  {
    name: "provider-edit",
    as: "admin",
    async open(page, stage) {
      await providersOf(stage);
      await dialog(page, "/admin/providers", "Edit the facility's account");
    },
    close: forget,
  },
  {
    name: "provider-edit-wrong",
    as: "admin",
    complaints: /400/,
    async open(page, stage) {
      await providersOf(stage);
      await dialog(page, "/admin/providers", "Edit the facility's account");
      await page.getByLabel("Issuer").fill("http://id.facility.example");
      await page.getByLabel("has the value").nth(2).fill("**");
      await button(page, "Save").click();
      await page.getByText("An https: address.").waitFor();
    },
    close: forget,
  },
  { name: "audit", as: "admin", open: (page) => table(page, "/admin/audit") },
  {
    name: "audit-details",
    as: "admin",
    async open(page) {
      await table(page, "/admin/audit?action=sign_in&outcome=allowed");
      await page
        .getByRole("button", { name: /^Details of/ })
        .first()
        .click();
      await page.getByText("Request", { exact: true }).first().waitFor();
    },
  },
  {
    name: "audit-none",
    as: "admin",
    async open(page) {
      await page.goto("/admin/audit?actor=nobody-like-this&action=!!");
      await page.getByText("Nothing matches these filters.").waitFor();
    },
  },
];
