import { createUniqueId, For, Show, type JSX } from "solid-js";
import type { RulePreview } from "../../../../gateway/preview-schemas.ts";
import { sentence } from "../../../components/reason.ts";
import { t } from "../../../messages/rules.ts";
import { numberFormat } from "../../../messages/formats.ts";
import { locale } from "../../../messages/messages.ts";
import { finders } from "./finders.ts";
import { PickField } from "./pick-field.tsx";
import { Why } from "./preview-table.tsx";
import form from "./form.module.css";
import styles from "./preview.module.css";

export interface WhatIfRequest {
  readonly environment: string;
  readonly user: string;
  readonly experiment: string;
}
export const noRequest: WhatIfRequest = { environment: "", user: "", experiment: "" };

type Sides = NonNullable<RulePreview["whatIf"]>;

/** One request that nobody made: where it would go, and what every node says to it. */
export function WhatIf(props: {
  readonly request: WhatIfRequest;
  readonly onRequest: (request: WhatIfRequest) => void;
  readonly answer: RulePreview["whatIf"];
}): JSX.Element {
  const id = createUniqueId();
  return (
    <div class={styles["whatIf"]}>
      <For each={["environment", "user", "experiment"] as const}>
        {(of) => (
          <div class={styles["ask"]}>
            <label for={`${id}-${of}`}>
              {t(`rules.when.${of}`)}
              <Show when={of === "experiment"}>
                <span class={form["muted"]}> {t("users.optional")}</span>
              </Show>
            </label>
            <PickField
              id={`${id}-${of}`}
              label={t(`rules.when.${of}`)}
              values={props.request[of] === "" ? [] : [props.request[of]]}
              onChange={([value = ""]) => props.onRequest({ ...props.request, [of]: value })}
              find={finders[of]}
              single
            />
          </div>
        )}
      </For>
      <Show
        when={props.answer}
        fallback={
          <p class={styles["small"]}>
            {props.request.environment !== "" && props.request.user !== ""
              ? t("rules.whatIfWaits")
              : t("rules.whatIfText")}
          </p>
        }
      >
        {(answer) => <Answer answer={answer()} />}
      </Show>
    </div>
  );
}

function Answer(props: { readonly answer: Sides }): JSX.Element {
  const names = (): string[] => [
    ...new Set([...props.answer.after.nodes, ...props.answer.before.nodes].map((it) => it.node)),
  ];
  return (
    <>
      <div class={styles["sides"]}>
        <Why title={t("rules.today")} outcome={props.answer.before.outcome} />
        <Why title={t("rules.underDraft")} outcome={props.answer.after.outcome} />
      </div>
      <table class={styles["table"]} aria-label={t("rules.everyNode")}>
        <thead>
          <tr>
            <th scope="col">{t("rules.node")}</th>
            <th scope="col">{t("rules.today")}</th>
            <th scope="col">{t("rules.underDraft")}</th>
          </tr>
        </thead>
        <tbody>
          <For each={names()}>
            {(name) => (
              <tr>
                <td class={styles["where"]}>{name}</td>
                <Verdict node={props.answer.before.nodes.find((it) => it.node === name)} />
                <Verdict node={props.answer.after.nodes.find((it) => it.node === name)} />
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </>
  );
}

/** Why a node is not taken, or with how many points it stands there. */
function Verdict(props: {
  readonly node: Sides["after"]["nodes"][number] | undefined;
}): JSX.Element {
  const points = (value: number): string =>
    numberFormat(locale(), { signDisplay: "exceptZero", maximumFractionDigits: 1 }).format(value);
  return (
    <td
      data-verdict={
        props.node === undefined ? "none" : props.node.refusedBy === null ? "fits" : "refused"
      }
    >
      <Show when={props.node} fallback={t("rules.notAsked")}>
        {(node) => (
          <Show when={node().refusedBy === null} fallback={<span>{sentence(node().text)}</span>}>
            <details class={styles["score"]}>
              <summary>
                {t("rules.fits", {
                  score: numberFormat(locale(), { maximumFractionDigits: 1 }).format(
                    node().score ?? 0,
                  ),
                })}
              </summary>
              <ul>
                <For each={node().lines}>
                  {(line) => <li>{`${points(line.points)} ${line.rule}`}</li>}
                </For>
              </ul>
            </details>
          </Show>
        )}
      </Show>
    </td>
  );
}
