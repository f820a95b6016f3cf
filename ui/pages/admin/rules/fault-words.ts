/** What is wrong with a text, in the reader's words. */
import { t } from "../../../messages/rules.ts";
import { selectorFaultWords, type SelectorFault } from "./selector-fault.ts";
import type { TextFault } from "./rule-text.ts";

export function selectorFaultText(fault: SelectorFault): string {
  const words = selectorFaultWords(fault);
  if (words === null) return fault.message;
  const { code, what, part, count } = words;
  const of = part === null ? "" : t(`rules.selector.of.${part}`);
  switch (code) {
    case "cannotStand":
      return t("rules.selector.cannotStand", { what, of });
    case "tooLong":
      return t("rules.selector.tooLong", { of, count });
    case "edges":
      return t("rules.selector.edges", { of });
    case "nameAfter":
    case "valueAfter":
    case "parenthesis":
    case "operator":
      return t(`rules.selector.${code}`, { what });
    case "domain":
    case "name":
    case "listGoesOn":
    case "commaOrEnd":
      return t(`rules.selector.${code}`);
  }
}

export function textFaultText(fault: TextFault): string {
  if (fault.selector !== undefined) return selectorFaultText(fault.selector);
  const { code, what } = fault;
  switch (code) {
    case "selector":
    case "unclosedText":
    case "tooDeep":
    case "notObject":
    case "notList":
    case "notText":
    case "notNumber":
    case "notWhole":
    case "notBoolean":
    case "notTime":
    case "none":
      return t(`rules.fault.${code}`);
    case "untilFirst":
      return t("rules.untilFirst");
    case "expected":
    case "badEscape":
    case "badNumber":
    case "badWord":
    case "trailing":
    case "twice":
    case "unknownName":
    case "notOneOf":
    case "notName":
    case "tooLow":
    case "tooHigh":
    case "tooMany":
    case "tooLong":
    case "missing":
      return t(`rules.fault.${code}`, { what });
  }
}
