import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseAst } from "vite";
import { describe, expect, it } from "vitest";
import { adminDe } from "./admin-de.ts";
import { adminEn } from "./admin-en.ts";
import { de } from "./de.ts";
import { en, type Message } from "./en.ts";
import { fill } from "./fill.ts";
import { pickLanguage, pickLocale } from "./messages.ts";
import { rulesDe } from "./rules-de.ts";
import { rulesEn } from "./rules-en.ts";
import { schedulerDe } from "./scheduler-de.ts";
import { schedulerEn } from "./scheduler-en.ts";
import { stationDe } from "./station-de.ts";
import { stationEn } from "./station-en.ts";

const ui = join(import.meta.dirname, "..");

const textsOf = (message: Message): string[] =>
  typeof message === "string" ? [message] : [message.one, message.other];
const parametersOf = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map((it) => it[1] ?? "").toSorted();

const everyEn = { ...en, ...adminEn, ...stationEn, ...rulesEn, ...schedulerEn };

describe.each([
  { name: "the app's catalogues", en, de },
  { name: "the administration's catalogues", en: adminEn, de: adminDe },
  { name: "the stations' catalogues", en: stationEn, de: stationDe },
  { name: "the catalogues of rules and reservations", en: rulesEn, de: rulesDe },
  { name: "the catalogues of nodes and instances", en: schedulerEn, de: schedulerDe },
])("$name", ({ en, de }: { en: Record<string, Message>; de: Record<string, Message> }) => {
  it("have the same keys", () => {
    expect(Object.keys(de).toSorted()).toEqual(Object.keys(en).toSorted());
  });

  it("have text for every key, with the same parameters", () => {
    for (const key of Object.keys(en)) {
      const mine = textsOf(en[key] ?? "");
      const theirs = textsOf(de[key] ?? "");
      const problems: string[] = [];
      if (theirs.length !== mine.length) problems.push("plural");
      if ([...mine, ...theirs].some((text) => text.trim() === "")) problems.push("empty");
      for (const [index, text] of mine.entries()) {
        if (String(parametersOf(theirs[index] ?? "")) !== String(parametersOf(text)))
          problems.push("parameters");
      }
      expect({ key, problems }).toEqual({ key, problems: [] });
    }
  });
});

describe("the catalogues together", () => {
  it("have no key twice", () => {
    const keys = [en, adminEn, stationEn, rulesEn, schedulerEn].flatMap((it) => Object.keys(it));
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  });

  it("have no key that nothing uses", async () => {
    const sources = (
      await Promise.all((await sourceFiles()).map((file) => readFile(file, "utf8")))
    ).join("\n");
    // Keys that are put together, such as `state.${state}`, are patterns.
    const patterns = [...sources.matchAll(/`([a-zA-Z]+\.[^`\s]*\$\{[^`\s]*)`/g)].map(
      (it) =>
        new RegExp(`^${(it[1] ?? "").replaceAll(".", "\\.").replace(/\$\{[^}]*\}/g, "\\w+")}$`),
    );
    const used = (key: string): boolean =>
      sources.includes(`"${key}"`) || patterns.some((it) => it.test(key));
    expect(Object.keys(everyEn).filter((key) => !used(key))).toEqual([]);
  });
});

describe("fill", () => {
  it("puts parameters in, and numbers as the locale writes them", () => {
    expect(fill("{name} has {count}", { name: "Ada", count: 1234.5 }, "en")).toBe(
      "Ada has 1,234.5",
    );
    expect(fill("{name} hat {count}", { name: "Ada", count: 1234.5 }, "de")).toBe(
      "Ada hat 1.234,5",
    );
  });

  it("chooses the plural by the language's rules", () => {
    const message = { one: "{count} entry", other: "{count} entries" };
    expect([0, 1, 2].map((count) => fill(message, { count }, "en"))).toEqual([
      "0 entries",
      "1 entry",
      "2 entries",
    ]);
  });

  it("does not look for parameters inside parameters", () => {
    expect(fill("{name}!", { name: "{count}", count: 1 }, "en")).toBe("{count}!");
  });
});

describe("the reader's language", () => {
  it.each([
    [["de-AT", "en"], "de"],
    [["fr", "en-GB"], "en"],
    [["fr"], "en"],
    [[], "en"],
    [["DE"], "de"],
  ] as const)("of %j is %s", (wanted, language) => {
    expect(pickLanguage(wanted)).toBe(language);
  });

  it("keeps the reader's own region for dates and numbers", () => {
    expect(pickLocale("en", ["de-DE", "en-AU", "en"])).toBe("en-AU");
    expect(pickLocale("de", ["en-AU"])).toBe("de");
    expect(pickLocale("en", ["fr-FR"])).toBe("en");
  });
});

async function sourceFiles(): Promise<string[]> {
  const entries = await readdir(ui, { recursive: true, withFileTypes: true });
  return entries
    .filter(
      (it) =>
        it.isFile() &&
        /\.tsx?$/.test(it.name) &&
        !/\.test\.tsx?$|^(\w+-)?(en|de)\.ts$/.test(it.name),
    )
    .map((it) => join(it.parentPath, it.name));
}

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Attributes whose value a person reads or hears. */
const readable = new Set([
  "alt",
  "aria-description",
  "aria-label",
  "aria-roledescription",
  "label",
  "placeholder",
  "title",
]);

function literalTexts(node: unknown, found: string[] = []): string[] {
  if (Array.isArray(node)) for (const it of node) literalTexts(it, found);
  else if (typeof node === "object" && node !== null && "type" in node) {
    const it = node as Node;
    if (it.type === "JSXText") add(found, it["value"]);
    if (it.type === "JSXExpressionContainer") add(found, (it["expression"] as Node)["value"]);
    if (it.type === "JSXAttribute") {
      const name = (it["name"] as Node)["name"];
      const value = it["value"] as Node | null;
      if (typeof name === "string" && readable.has(name)) add(found, value?.["value"]);
      if (value?.type === "JSXExpressionContainer" && !readable.has(String(name))) {
        literalTexts((value["expression"] as Node | undefined) ?? null, found);
        return found;
      }
    }
    for (const [key, value] of Object.entries(it)) if (key !== "parent") literalTexts(value, found);
  }
  return found;
}

function add(found: string[], value: unknown): void {
  if (typeof value === "string" && /\p{L}{2}/u.test(value)) found.push(value.trim());
}

describe("pages and components", () => {
  it("say nothing that is not in the catalogue", async () => {
    const offenders: Record<string, string[]> = {};
    for (const file of (await sourceFiles()).filter((it) => it.endsWith(".tsx"))) {
      const ast = parseAst(await readFile(file, "utf8"), { lang: "tsx" });
      const texts = literalTexts(ast);
      if (texts.length > 0) offenders[file.slice(ui.length + 1)] = texts;
    }
    expect(offenders).toEqual({});
  });

  it("would be found out if they did", () => {
    const source = `const a = <p title="Some hint">Hello <b>{"there"}</b> {1 + 1}</p>;`;
    expect(literalTexts(parseAst(source, { lang: "tsx" }))).toEqual([
      "Some hint",
      "Hello",
      "there",
    ]);
  });
});
