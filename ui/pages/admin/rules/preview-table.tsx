import ArrowDown from "lucide-solid/icons/arrow-down";
import ArrowRight from "lucide-solid/icons/arrow-right";
import ArrowUp from "lucide-solid/icons/arrow-up";
import Ban from "lucide-solid/icons/ban";
import Check from "lucide-solid/icons/check";
import Minus from "lucide-solid/icons/minus";
import { createSignal, For, Show, type JSX } from "solid-js";
import { Dynamic } from "solid-js/web";
import type { Previewed } from "../../../../gateway/preview-schemas.ts";
import { sentence } from "../../../components/reason.ts";
import { t } from "../../../messages/rules.ts";
import { When } from "../when.tsx";
import { outcomeText, type Change, type Outcome } from "./rule-words.ts";
import styles from "./preview.module.css";

const shapes = {
  same: Minus,
  moves: ArrowRight,
  sooner: ArrowUp,
  later: ArrowDown,
  refused: Ban,
  admitted: Check,
} satisfies Record<Change, unknown>;

/** Requests with what becomes of each today and under the draft. One opens to why. */
export function PreviewTable(props: {
  readonly label: string;
  readonly rows: readonly Previewed[];
  readonly none: string;
}): JSX.Element {
  const [open, setOpen] = createSignal<string | null>(null);
  return (
    <Show when={props.rows.length > 0} fallback={<p class={styles["none"]}>{props.none}</p>}>
      <table class={styles["table"]} aria-label={props.label}>
        <thead>
          <tr>
            <th scope="col">{t("rules.request")}</th>
            <th scope="col">{t("rules.today")}</th>
            <th scope="col">{t("rules.underDraft")}</th>
          </tr>
        </thead>
        <tbody>
          <For each={props.rows}>
            {(row) => (
              <>
                <tr data-change={row.change}>
                  <td>
                    <button
                      type="button"
                      class={styles["who"]}
                      aria-expanded={open() === row.id}
                      aria-label={t("rules.whyOf", {
                        user: row.user,
                        environment: row.environment,
                      })}
                      onClick={() => setOpen((it) => (it === row.id ? null : row.id))}
                    >
                      {row.user}
                    </button>
                    <span class={styles["what"]} title={row.environment}>
                      {row.environment}
                    </span>
                  </td>
                  <td class={styles["where"]}>{outcomeText(row.before)}</td>
                  <td class={styles["where"]}>
                    <span>{outcomeText(row.after)}</span>
                    <Show when={row.change !== "same"}>
                      <span class={styles["change"]}>
                        <Dynamic component={shapes[row.change]} size={12} aria-hidden="true" />
                        {t(`rules.change.${row.change}`)}
                      </span>
                    </Show>
                  </td>
                </tr>
                <Show when={open() === row.id}>
                  <tr class={styles["why"]}>
                    <td colSpan={3}>
                      <p class={styles["small"]}>
                        {row.experiment === null
                          ? t("rules.noExperiment")
                          : t("rules.ofExperiment", { code: row.experiment })}
                        {" · "}
                        <When at={row.queuedAt} />
                      </p>
                      <Why title={t("rules.today")} outcome={row.before} />
                      <Why title={t("rules.underDraft")} outcome={row.after} />
                    </td>
                  </tr>
                </Show>
              </>
            )}
          </For>
        </tbody>
      </table>
    </Show>
  );
}

/** One side's outcome in whole sentences, with the rules that match. */
export function Why(props: { readonly title: string; readonly outcome: Outcome }): JSX.Element {
  return (
    <div class={styles["side"]}>
      <h3>{props.title}</h3>
      <p class={styles["where"]}>{outcomeText(props.outcome)}</p>
      <Show when={props.outcome.text}>{(text) => <p>{sentence(text())}</p>}</Show>
      <p class={styles["small"]}>
        {props.outcome.rules.length === 0
          ? t("rules.byNoRule")
          : t("rules.byRules", { names: props.outcome.rules.join(", ") })}
      </p>
    </div>
  );
}
