import { For, type JSX } from "solid-js";
import { t } from "../../../messages/rules.ts";
import { diffLines, type DiffLine } from "./diff-lines.ts";
import type { RuleContent } from "./draft.ts";
import { writeRule } from "./rule-text.ts";
import styles from "./diff.module.css";

const marks = { same: " ", gone: "−", new: "+" } as const;

/** All of a rule as lines: what is not in its text first. */
export const wholeText = (it: RuleContent): string =>
  [
    `${t("rules.name")}: ${it.name}`,
    `${t("rules.state")}: ${it.enabled ? t("rules.on") : t("rules.off")}`,
    writeRule(it),
  ].join("\n");

/** What went from one state of a rule to another, and what came. */
export function DiffView(props: {
  readonly label: string;
  readonly before: RuleContent;
  readonly after: RuleContent;
}): JSX.Element {
  const lines = (): readonly DiffLine[] =>
    diffLines(wholeText(props.before), wholeText(props.after));
  return (
    // It scrolls, so the keyboard has to reach it (WCAG 2.2, 2.1.1).
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div class={styles["diff"]} role="region" aria-label={props.label} tabIndex={0}>
      <For each={lines()}>
        {(line) => {
          const text = `${marks[line.kind]} ${line.text}\n`;
          if (line.kind === "gone") return <del class={styles["gone"]}>{text}</del>;
          if (line.kind === "new") return <ins class={styles["new"]}>{text}</ins>;
          return <span>{text}</span>;
        }}
      </For>
    </div>
  );
}
