import { createEffect, createMemo, createSignal, on, onCleanup, type Accessor } from "solid-js";
import type { AdminRule } from "../../../../gateway/rule-schemas.ts";
import type { RulePreview } from "../../../../gateway/preview-schemas.ts";
import { serverNowMs } from "../../../api/clock.ts";
import { retryDelayMs, retryPassing } from "../../../api/query-client.ts";
import { previewRules, type PreviewQuestion } from "../../../api/rule-calls.ts";
import { t } from "../../../messages/rules.ts";
import type { Draft } from "./draft.ts";
import { noPreview, PreviewRun, type PreviewState } from "./preview-run.ts";
import { canonical, readRule, writeRule } from "./rule-text.ts";
import type { WhatIfRequest } from "./what-if.tsx";

/** What a draft would do; null where it has faults, so that nobody could say. */
export function questionOf(
  draft: Draft,
  priority: number,
  order: readonly AdminRule[] | null,
  request: WhatIfRequest,
): PreviewQuestion | null {
  if (draft.raw !== null || readRule(writeRule(draft)).faults.length > 0) return null;
  const { environment, user, experiment } = request;
  const whole = environment !== "" && user !== "";
  return {
    draft: {
      ...(draft.id === null ? {} : { id: draft.id }),
      name: draft.name.trim() || t("rules.unnamed"),
      priority,
      enabled: draft.enabled,
      ...canonical(draft),
    },
    ...(order === null ? {} : { order: order.map((it) => it.id) }),
    ...(whole
      ? { request: { environment, user, ...(experiment === "" ? {} : { experiment }) } }
      : {}),
  };
}

/** The preview of a question that changes while somebody types. */
export function usePreview(question: Accessor<PreviewQuestion | null>) {
  const [state, setState] = createSignal<PreviewState<RulePreview>>(noPreview);
  const run = new PreviewRun<PreviewQuestion, RulePreview>({
    ask: previewRules,
    show: (next) => setState(() => next),
    now: serverNowMs,
    // It changes nothing, as what is only read.
    retryMs: (failures, error) => (retryPassing(failures, error) ? retryDelayMs(failures) : null),
  });
  onCleanup(() => run.stop());
  // Another object with the same in it is the same question.
  const asked = createMemo(() => JSON.stringify(question()));
  const current = (): PreviewQuestion | null => JSON.parse(asked()) as PreviewQuestion | null;
  createEffect(on(asked, () => run.question(current())));
  return {
    state,
    question: current,
    again: () => run.question(current(), 0),
    forget: () => {
      run.forget();
      run.question(current());
    },
  };
}
