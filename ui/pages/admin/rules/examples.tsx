import { For, type JSX } from "solid-js";
import { Button } from "../../../kit/button.tsx";
import { t } from "../../../messages/rules.ts";
import { emptyDraft, type Draft } from "./draft.ts";
import { writeRule, type RuleText } from "./rule-text.ts";
import { doesText } from "./rule-words.ts";
import styles from "./rules.module.css";

const gib = 2 ** 30;
const examples = [
  {
    name: "gpu",
    rule: {
      when: { kind: "desktop" },
      then: {
        prefer: [{ selector: "asci.gpu.model", weight: 20 }],
        strategy: "spread",
        resources: { gpuMemoryBytes: 8 * gib },
      },
    },
  },
  {
    name: "students",
    rule: {
      when: { role: "user" },
      then: { limits: { perPerson: 2 }, lifetime: { maxMinutes: 5 * 1440 } },
    },
  },
] as const satisfies readonly { readonly name: string; readonly rule: RuleText }[];

/** What rules are for, while there are none, and two to begin with. */
export function Examples(props: { readonly onBegin: (draft: Draft) => void }): JSX.Element {
  return (
    <>
      <div class={styles["head"]}>
        <h2 class={styles["headTitle"]}>{t("rules.noneTitle")}</h2>
      </div>
      <div class={`${styles["body"]} ${styles["examples"]}`}>
        <p>{t("rules.noneText")}</p>
        <p>{t("rules.noneHow")}</p>
        <For each={examples}>
          {(it) => (
            <section class={styles["example"]}>
              <h3>{t(`rules.example.${it.name}`)}</h3>
              <p>{t(`rules.example.${it.name}.text`)}</p>
              <pre class={styles["code"]}>{writeRule(it.rule)}</pre>
              <div>
                <Button
                  aria-label={t("rules.beginWith", { name: t(`rules.example.${it.name}`) })}
                  onClick={() =>
                    props.onBegin({
                      ...emptyDraft,
                      ...it.rule,
                      name: t(`rules.example.${it.name}`),
                    })
                  }
                >
                  {t("rules.begin")}
                </Button>
                <span class={styles["meta"]}> {doesText(it.rule.then)}</span>
              </div>
            </section>
          )}
        </For>
      </div>
    </>
  );
}
