/**
 * A rule's conditions and effects as text, and read from it: `gateway/rule-schemas.ts` has the
 * shape, and the server the last word; here every fault has its place while somebody types.
 */
import type { AdminRule } from "../../../../gateway/rule-schemas.ts";
import { JsonFault, readJson, writeJson, type JsonFaultCode, type JsonNode } from "./json-text.ts";
import {
  isoTime,
  mostNames,
  mostSelector,
  numberFault,
  ruleShape,
  type Shape,
} from "./rule-shape.ts";
import { selectorFault, type SelectorFault } from "./selector-fault.ts";

export type When = AdminRule["when"];
export type Then = AdminRule["then"];
export interface RuleText {
  readonly when: When;
  readonly then: Then;
}

export type ShapeFaultCode =
  | "unknownName"
  | "notObject"
  | "notList"
  | "notText"
  | "notNumber"
  | "notWhole"
  | "notBoolean"
  | "notOneOf"
  | "notTime"
  | "notName"
  | "tooLow"
  | "tooHigh"
  | "tooMany"
  | "tooLong"
  | "none"
  | "missing"
  | "untilFirst";

export interface TextFault {
  readonly at: number;
  readonly end: number;
  readonly code: JsonFaultCode | ShapeFaultCode | "selector";
  /** What is wrong, or what could stand there. */
  readonly what: string;
  /** Of a selector: its own fault. */
  readonly selector?: SelectorFault;
}

/** The order of the text is that of the form, whatever order things were added in. */
function inOrder(value: unknown, shape: Shape): unknown {
  if (Array.isArray(value))
    return value.map((it) => (shape.kind === "list" ? inOrder(it, shape.item) : it));
  if (shape.kind !== "object" || typeof value !== "object" || value === null) return value;
  const members = value as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(shape.members)
      .filter(([name]) => members[name] !== undefined)
      .map(([name, inner]) => [name, inOrder(members[name], inner)]),
  );
}

export function writeRule({ when, then }: RuleText): string {
  return writeJson(inOrder({ when, then }, ruleShape));
}

/** The same rule, in the order of its shape and without what is undefined. */
export function canonical(rule: RuleText): RuleText {
  return inOrder(rule, ruleShape) as RuleText;
}

/** @returns the rule, where nothing in the text is wrong but selectors, and all that is wrong in it */
export function readRule(text: string): {
  readonly rule: RuleText | null;
  readonly faults: readonly TextFault[];
} {
  const faults: TextFault[] = [];
  let node: JsonNode;
  try {
    node = readJson(text);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    const { code, at, end, what } = error;
    return { rule: null, faults: [{ code, at, end, what }] };
  }
  const value = take(node, ruleShape, faults) as Partial<RuleText> | undefined;
  const sound = faults.every((it) => it.code === "selector");
  return { rule: sound ? { when: value?.when ?? {}, then: value?.then ?? {} } : null, faults };
}

type Take = (node: JsonNode, faults: TextFault[]) => unknown;

function fault(node: JsonNode, code: TextFault["code"], what = ""): TextFault {
  return { at: node.at, end: node.end, code, what };
}

/** What a node says by its shape; its faults go to `faults`. */
function take(node: JsonNode, shape: Shape, faults: TextFault[]): unknown {
  switch (shape.kind) {
    case "object":
      return takeObject(node, shape, faults);
    case "list":
      return takeList(node, (it, all) => take(it, shape.item, all), shape.most, faults);
    case "names":
      return takeNames(node, (it, all) => takeName(it, shape.pattern, all), faults);
    case "oneOf":
      return shape.several
        ? takeNames(node, (it, all) => takeOneOf(it, shape.of, all), faults)
        : takeOneOf(node, shape.of, faults);
    case "number":
    case "whole":
      return takeNumber(node, shape, faults);
    case "time":
      return takeTime(node, faults);
    case "selector":
      return takeSelector(node, faults);
    case "boolean":
      return node.kind === "boolean" ? node.value : void faults.push(fault(node, "notBoolean"));
  }
}

function takeObject(
  node: JsonNode,
  shape: Shape & { readonly kind: "object" },
  faults: TextFault[],
): unknown {
  if (node.kind !== "object") return void faults.push(fault(node, "notObject"));
  const known = Object.keys(shape.members).join(", ");
  const value: Record<string, unknown> = {};
  for (const { key, keySpan, value: inner } of node.members) {
    const of = Object.hasOwn(shape.members, key) ? shape.members[key] : undefined;
    if (of === undefined) faults.push({ ...keySpan, code: "unknownName", what: known });
    else value[key] = take(inner, of, faults);
  }
  if (shape.all === true)
    for (const name of Object.keys(shape.members))
      if (!Object.hasOwn(value, name)) faults.push(fault(node, "missing", name));
  const [from, until] = shape.order ?? [];
  const end = node.members.find((it) => it.key === until);
  if (from !== undefined && end !== undefined) {
    const [first, last] = [value[from], value[end.key]].map((it) => Date.parse(String(it)));
    if (Number(first) >= Number(last)) faults.push(fault(end.value, "untilFirst"));
  }
  return value;
}

function takeList(node: JsonNode, item: Take, most: number, faults: TextFault[]): unknown {
  if (node.kind !== "array") return void faults.push(fault(node, "notList"));
  if (node.items.length > most) faults.push(fault(node, "tooMany", String(most)));
  return node.items.map((it) => item(it, faults));
}

/** One name, or a list of at least one. */
function takeNames(node: JsonNode, item: Take, faults: TextFault[]): unknown {
  if (node.kind !== "array") return item(node, faults);
  if (node.items.length === 0) faults.push(fault(node, "none"));
  return takeList(node, item, mostNames, faults);
}

function takeName(node: JsonNode, pattern: RegExp, faults: TextFault[]): unknown {
  if (node.kind !== "string") return void faults.push(fault(node, "notText"));
  if (!pattern.test(node.value)) faults.push(fault(node, "notName", node.value.slice(0, 40)));
  return node.value;
}

function takeOneOf(node: JsonNode, of: readonly string[], faults: TextFault[]): unknown {
  if (node.kind === "string" && of.includes(node.value)) return node.value;
  faults.push(fault(node, "notOneOf", of.join(", ")));
  return undefined;
}

function takeNumber(
  node: JsonNode,
  shape: Shape & { readonly kind: "number" | "whole" },
  faults: TextFault[],
): unknown {
  if (node.kind === "null" && shape.kind === "whole" && shape.orNull === true) return null;
  if (node.kind !== "number") return void faults.push(fault(node, "notNumber"));
  const code = numberFault(node.value, shape);
  if (code !== null)
    faults.push(fault(node, code, String(code === "tooHigh" ? shape.most : shape.least)));
  return node.value;
}

function takeTime(node: JsonNode, faults: TextFault[]): unknown {
  if (node.kind !== "string") return void faults.push(fault(node, "notText"));
  if (!isoTime.test(node.value) || Number.isNaN(Date.parse(node.value)))
    faults.push(fault(node, "notTime"));
  return node.value;
}

function takeSelector(node: JsonNode, faults: TextFault[]): unknown {
  if (node.kind !== "string") return void faults.push(fault(node, "notText"));
  if (node.value.length > mostSelector) faults.push(fault(node, "tooLong", String(mostSelector)));
  const found = selectorFault(node.value);
  if (found !== null) {
    // A fault at the very end stands at the closing quote.
    const at = node.places[found.at] ?? node.end - 1;
    const end = Math.max(node.places[found.end] ?? node.end - 1, at + 1);
    faults.push({ at, end, code: "selector", what: "", selector: found });
  }
  return node.value;
}
