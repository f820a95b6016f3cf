import { createSignal, For, Match, Show, Switch, type JSX } from "solid-js";
import type { RulePreview, RuleWarning } from "../../../../gateway/preview-schemas.ts";
import { ErrorNotice } from "../../../components/error-notice.tsx";
import { durationText } from "../../../components/moment.tsx";
import { sentence } from "../../../components/reason.ts";
import { Notice } from "../../../kit/notice.tsx";
import { t } from "../../../messages/rules.ts";
import { dateFormat, numberFormat } from "../../../messages/formats.ts";
import { locale } from "../../../messages/messages.ts";
import { PreviewTable } from "./preview-table.tsx";
import type { PreviewState } from "./preview-run.ts";
import { Segmented } from "./segmented.tsx";
import { WhatIf, type WhatIfRequest } from "./what-if.tsx";
import styles from "./preview.module.css";
import frame from "./rules.module.css";

interface PreviewPaneProps {
  readonly state: PreviewState<RulePreview>;
  /** Why there is nothing to preview; null: there is. */
  readonly nothing: string | null;
  readonly request: WhatIfRequest;
  readonly onRequest: (request: WhatIfRequest) => void;
  readonly onRetry: () => void;
}

type View = "now" | "past" | "whatIf";

/** What would become of requests under the draft, beside what becomes of them today. */
export function PreviewPane(props: PreviewPaneProps): JSX.Element {
  const [view, setView] = createSignal<View>("now");
  return (
    <>
      <div class={frame["head"]}>
        <h2 class={frame["headTitle"]}>{t("rules.preview")}</h2>
        <Segmented
          label={t("rules.previewOf")}
          value={view()}
          options={(["now", "past", "whatIf"] as const).map((value) => ({
            value,
            text: t(`rules.preview.${value}`),
          }))}
          onChange={setView}
        />
      </div>
      <Phase state={props.state} nothing={props.nothing} />
      <div
        class={`${frame["scroll"]} ${styles["pane"]}`}
        data-stale={props.state.stale ? "" : undefined}
      >
        <Show when={props.state.phase === "failed"}>
          <ErrorNotice error={props.state.error} doing="look" retry={props.onRetry} />
        </Show>
        <Show when={view() === "whatIf"}>
          <WhatIf
            request={props.request}
            onRequest={props.onRequest}
            answer={props.state.answer?.whatIf ?? null}
          />
        </Show>
        <Show when={props.state.answer}>
          {(answer) => (
            <>
              <Warnings warnings={answer().warnings} />
              <Switch>
                <Match when={view() === "now"}>
                  <Summary answer={answer()} />
                  <PreviewTable
                    label={t("rules.preview.now")}
                    rows={answer().queued}
                    none={t("rules.queueEmpty")}
                  />
                </Match>
                <Match when={view() === "past"}>
                  <Summary answer={answer()} />
                  <PreviewTable
                    label={t("rules.preview.past")}
                    rows={answer().past}
                    none={t("rules.pastSame")}
                  />
                </Match>
              </Switch>
            </>
          )}
        </Show>
      </div>
    </>
  );
}

/** What the preview does just now, and how long that takes. */
function Phase(props: {
  readonly state: PreviewState<RulePreview>;
  readonly nothing: string | null;
}): JSX.Element {
  const usual = (): string =>
    props.state.usualMs === null
      ? t("rules.previewing")
      : t("rules.previewingUsual", { time: durationText(props.state.usualMs) });
  const clock = (at: number): string => dateFormat(locale(), { timeStyle: "medium" }).format(at);
  return (
    <p class={styles["phase"]} role="status" data-phase={props.state.phase}>
      <Switch>
        <Match when={props.nothing}>
          {(why) => (
            <>
              {why()}
              <Show when={props.state.stale}>{` ${t("rules.previewOld")}`}</Show>
            </>
          )}
        </Match>
        <Match when={props.state.phase === "waiting"}>{t("rules.previewWaits")}</Match>
        <Match when={props.state.phase === "asking"}>{usual()}</Match>
        <Match when={props.state.phase === "done" && props.state.answeredAt}>
          {(at) => t("rules.previewDone", { time: clock(at()) })}
        </Match>
        <Match when={props.state.phase === "failed" && props.state.stale}>
          {t("rules.previewOld")}
        </Match>
      </Switch>
    </p>
  );
}

function Warnings(props: { readonly warnings: readonly RuleWarning[] }): JSX.Element {
  return (
    <For each={props.warnings}>
      {(it) => (
        <Notice
          tone="attention"
          title={t(`rules.warning.${it.code}`)}
          lines={[
            it.rule === null ? null : t("rules.warning.of", { name: it.rule }),
            sentence(it.text),
          ]}
        />
      )}
    </For>
  );
}

const figures = ["moves", "later", "refused"] as const;
const others = ["sooner", "admitted"] as const;

function Summary(props: { readonly answer: RulePreview }): JSX.Element {
  const summary = () => props.answer.summary;
  return (
    <div class={styles["summary"]}>
      <dl class={styles["figures"]}>
        <For each={figures}>
          {(it) => (
            <div class={styles["figure"]} data-change={summary()[it] > 0 ? it : undefined}>
              <dt>{t(`rules.summary.${it}`)}</dt>
              <dd>{numberFormat(locale()).format(summary()[it])}</dd>
            </div>
          )}
        </For>
      </dl>
      <p class={styles["small"]}>
        {t("rules.considered", { count: summary().considered, same: summary().same })}
        <For each={others.filter((it) => summary()[it] > 0)}>
          {(it) => ` ${t(`rules.summary.${it}`, { count: summary()[it] })}`}
        </For>
      </p>
    </div>
  );
}
