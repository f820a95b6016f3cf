import { sql } from "drizzle-orm";
import type { Page } from "playwright-core";
import type { Stage } from "../stage.ts";
import type { Scene } from "./scene.ts";

const check = (page: Page) => page.getByRole("button", { name: "Check", exact: true });

async function choose(page: Page, kind: string, lines: readonly string[]): Promise<void> {
  await page.goto("/admin/import");
  await page.getByLabel("What is in the file").selectOption({ label: kind });
  const file = {
    name: `${kind.toLowerCase()}.csv`,
    mimeType: "text/csv",
    buffer: Buffer.from(lines.join("\r\n")),
  };
  await page.locator("input[type=file]").setInputFiles(file);
  await page.getByText(file.name).waitFor();
}

async function result(page: Page): Promise<void> {
  await check(page).click();
  await page.getByRole("heading", { name: "What it would do" }).waitFor();
}

const faulty = [
  "username;displayName;email;uid",
  "ada;Ada Lovelace;ada@facility.example;5001",
  "Grace;Grace Hopper;grace@facility.example;",
  "emmy;Emmy Noether;ada@facility.example;5001",
  `hedy;${"Hedwig Eva Maria Kiesler ".repeat(9)};not an address;12`,
  "rosalind;Rosalind Franklin",
  'lise;"Lise Meitner;lise@facility.example;',
];
const newBeamlines = (stage: Stage) =>
  stage.db.execute(sql`delete from beamlines where code like 'IMPORT%'`);

export const imports: readonly Scene[] = [
  {
    name: "import",
    as: "admin",
    async open(page) {
      await page.goto("/admin/import");
      await check(page).waitFor();
    },
  },
  {
    name: "import-faults",
    as: "admin",
    async open(page) {
      await choose(page, "People", faulty);
      await result(page);
      await page.getByText("Mend the file").waitFor();
    },
  },
  {
    name: "import-encoding",
    as: "admin",
    async open(page) {
      await page.goto("/admin/import");
      const buffer = Buffer.from("username,displayName\r\nmaria,Maria Müller", "latin1");
      const file = { name: "people.csv", mimeType: "text/csv", buffer };
      await page.locator("input[type=file]").setInputFiles(file);
      await result(page);
      await page.getByRole("button", { name: /windows-1252/ }).waitFor();
    },
  },
  {
    name: "import-effects",
    as: "admin",
    async open(page) {
      await choose(page, "People", [
        "username,displayName,email,uid",
        "ada,Ada Lovelace,ada@facility.example,5001",
        "person-1,Person 1,,",
        "person-2,Somebody Else,person-2@facility.example,",
      ]);
      await result(page);
      await page.getByText("Somebody Else").waitFor();
    },
  },
  {
    name: "import-replace",
    as: "admin",
    async open(page) {
      await choose(page, "Members of experiments", ["experiment,username", "18342,person-1"]);
      await page.getByLabel("Members who are not in the file").selectOption("replace");
      await result(page);
      await page.getByRole("button", { name: "Import", exact: true }).click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
  {
    name: "import-done",
    as: "admin",
    async open(page) {
      await page.goto("/admin/import");
      await page.getByLabel("What is in the file").selectOption({ label: "Beamlines" });
      const text = "code,name\nIMPORT1,Small angle scattering\nIMPORT2,Imaging";
      await page.getByLabel("Or paste its text").fill(text);
      await result(page);
      await page.getByRole("button", { name: "Import", exact: true }).click();
      await page.getByRole("heading", { name: "What it did" }).waitFor();
    },
    close: async (stage) => void (await newBeamlines(stage)),
  },
  {
    name: "import-staff",
    as: "account",
    async open(page) {
      await choose(page, "Experiments", [
        "code,beamline,startsAt,endsAt,dataPath",
        "2026-1,NOT-MINE,2026-11-01,2026-11-04,/data",
      ]);
      await result(page);
    },
  },
  {
    name: "import-forbidden",
    as: "zero",
    async open(page) {
      await page.goto("/admin/import");
      await page.getByText("This page is for administrators.").waitFor();
    },
  },
];
