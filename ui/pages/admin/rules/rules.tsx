import { useSearchParams } from "@solidjs/router";
import {
  createEffect,
  createMemo,
  createSignal,
  Match,
  on,
  Show,
  Switch,
  type JSX,
} from "solid-js";
import type { AdminRule } from "../../../../gateway/rule-schemas.ts";
import { queryClient } from "../../../api/query-client.ts";
import { listLabels, listRules } from "../../../api/rule-calls.ts";
import { useQuery } from "../../../api/use-query.ts";
import { ErrorNotice } from "../../../components/error-notice.tsx";
import { Loading } from "../../../components/loading.tsx";
import { usePageTitle } from "../../../components/page-title.ts";
import { useSignedIn } from "../../../components/signed-in-context.ts";
import { showToast } from "../../../kit/toasts.ts";
import { t } from "../../../messages/rules.ts";
import { draftOf, emptyDraft, onTopOf, sameContent, type Draft } from "./draft.ts";
import { createDrafts, newKey } from "./drafts.ts";
import { Editor } from "./editor.tsx";
import { Examples } from "./examples.tsx";
import { Leaving } from "./leaving.tsx";
import { inChosenOrder, sameOrder } from "./move.ts";
import { OrderDialog } from "./order-dialog.tsx";
import { Panes, type PaneName } from "./panes.tsx";
import { PreviewPane } from "./preview-pane.tsx";
import { questionOf, usePreview } from "./preview.ts";
import { RuleList } from "./rule-list.tsx";
import { changedCount } from "./rule-words.ts";
import { noRequest } from "./what-if.tsx";
import admin from "../admin.module.css";

const rulesKey = ["admin-rules"] as const;

/** The rules of placement: their order, one of them to be changed, and what that would do. */
export function RulesPage(): JSX.Element {
  usePageTitle(() => t("rules.title"));
  const query = useQuery(() => ({
    queryKey: rulesKey,
    queryFn: ({ signal }) => listRules(signal),
    refetchInterval: 15_000,
  }));
  return (
    <Switch>
      <Match when={query.data}>
        {(rules) => <Rules rules={rules()} onChanged={() => void query.refetch()} />}
      </Match>
      <Match when={query.isError}>
        <div class={admin["page"]}>
          <h1 class={admin["title"]}>{t("rules.title")}</h1>
          <ErrorNotice error={query.error} doing="look" retry={() => void query.refetch()} />
        </div>
      </Match>
      <Match when={query.isPending}>
        <h1 class="visually-hidden">{t("rules.title")}</h1>
        <Loading />
      </Match>
    </Switch>
  );
}

interface RulesProps {
  readonly rules: readonly AdminRule[];
  readonly onChanged: () => void;
}

function Rules(props: RulesProps): JSX.Element {
  const me = useSignedIn();
  const drafts = createDrafts(me().id);
  const [view, setView] = useSearchParams<{ rule: string; search: string }>();
  const [pane, setPane] = createSignal<PaneName>("list");
  const [order, setOrder] = createSignal<readonly string[] | null>(null);
  const [ordering, setOrdering] = createSignal(false);
  const [faulty, setFaulty] = createSignal(false);
  const [request, setRequest] = createSignal(noRequest);
  /** Raised where a draft becomes another one than its form was made for. */
  const [turn, setTurn] = createSignal(0);
  const labels = useQuery(() => ({
    queryKey: ["admin-node-labels"],
    queryFn: ({ signal }) => listLabels(signal),
    staleTime: 60_000,
  }));

  const rules = createMemo(() => inChosenOrder(props.rules, order()));
  const reordered = (): boolean => order() !== null && !sameOrder(rules(), props.rules);
  const key = createMemo((): string | null => {
    const wanted = view.rule ?? null;
    if (wanted === newKey) return newKey;
    const known =
      wanted !== null &&
      (drafts.of(wanted) !== undefined || props.rules.some((it) => it.id === wanted));
    return known
      ? wanted
      : (props.rules[0]?.id ?? (drafts.of(newKey) === undefined ? null : newKey));
  });
  const rule = createMemo(() => props.rules.find((it) => it.id === key()));
  const draft = createMemo((): Draft | null => {
    const of = key();
    if (of === null) return null;
    const it = rule();
    return drafts.of(of) ?? (of === newKey ? emptyDraft : it === undefined ? null : draftOf(it));
  });
  const newPriority = (): number => Math.max((props.rules.at(-1)?.priority ?? 0) - 10, -1_000_000);
  const select = (to: string | null): void => {
    setFaulty(false);
    setView({ rule: to });
    setPane("rule");
  };
  const begin = (from: Draft): void => {
    drafts.put(newKey, from);
    setTurn((it) => it + 1);
    select(newKey);
  };
  /** Nothing is kept of it; its form begins anew. */
  const drop = (of: string): void => {
    drafts.drop(of);
    setTurn((it) => it + 1);
    if (of === newKey) select(null);
  };
  const changed = (said: string): void => {
    showToast({ tone: "info", title: said });
    props.onChanged();
  };
  const saved = (it: AdminRule): void => {
    queryClient.setQueryData(rulesKey, (all: AdminRule[] | undefined) =>
      all?.some((other) => other.id === it.id) === true
        ? all.map((other) => (other.id === it.id ? it : other))
        : [...(all ?? []), it],
    );
    drop(key() ?? "");
    select(it.id);
    changed(t("users.saved", { name: it.name }));
  };

  // What others changed of its place or its name alone does not disturb what is changed here.
  createEffect(() => {
    const mine = draft();
    const theirs = rule();
    const base = mine?.base ?? null;
    if (mine === null || base === null || theirs === undefined) return;
    if (base.version !== theirs.version && sameContent(base, theirs))
      drafts.put(theirs.id, onTopOf(mine, theirs));
  });

  const preview = usePreview(() => {
    const it = draft();
    return it === null || faulty()
      ? null
      : questionOf(it, rule()?.priority ?? newPriority(), reordered() ? rules() : null, request());
  });
  createEffect(on([key, turn], () => preview.forget(), { defer: true }));
  const nothing = (): string | null => {
    const it = draft();
    if (it === null) return t("rules.previewNothing");
    return faulty() || preview.question() === null ? t("rules.previewFaulty") : null;
  };
  const unsaved = (): number => drafts.keys().filter((it) => drafts.of(it) !== undefined).length;

  return (
    <>
      <Panes
        shown={pane()}
        onShow={setPane}
        texts={{
          list: t("rules.paneList", { count: props.rules.length }),
          rule: t("rules.paneRule"),
          preview:
            preview.state().answer === null
              ? t("rules.preview")
              : t("rules.panePreview", {
                  count: changedCount(preview.state().answer ?? neverChanged),
                }),
        }}
        list={
          <RuleList
            rules={rules()}
            drafts={drafts}
            selected={key()}
            search={view.search ?? ""}
            onSearch={(search) => setView({ search: search || null }, { replace: true })}
            onSelect={select}
            onNew={() => begin(drafts.of(newKey) ?? emptyDraft)}
            onOrder={setOrder}
            reordered={reordered()}
            onSaveOrder={() => setOrdering(true)}
            onDropOrder={() => setOrder(null)}
          />
        }
        rule={
          <Show
            when={draft() !== null && `${key()} ${turn()}`}
            keyed
            fallback={<Examples onBegin={begin} />}
          >
            <Editor
              draft={draft() ?? emptyDraft}
              rule={rule()}
              labels={labels.data?.items ?? []}
              newPriority={newPriority()}
              onChange={(it) => drafts.put(key() ?? newKey, it)}
              onDiscard={() => drop(key() ?? newKey)}
              onTakeTheirs={(it) => {
                drop(it.id);
                changed(t("rules.tookTheirs"));
              }}
              onSaved={saved}
              onDeleted={() => {
                const name = rule()?.name ?? "";
                drop(key() ?? "");
                select(null);
                changed(t("admin.deleted", { name }));
              }}
              onCopy={() => {
                const it = draft();
                if (it !== null)
                  begin({
                    ...it,
                    id: null,
                    base: null,
                    raw: null,
                    name: t("rules.copyOf", { name: it.name }),
                  });
              }}
              onFault={setFaulty}
            />
          </Show>
        }
        preview={
          <PreviewPane
            state={preview.state()}
            nothing={nothing()}
            request={request()}
            onRequest={setRequest}
            onRetry={() => preview.again()}
          />
        }
      />
      <OrderDialog
        open={ordering()}
        ids={rules().map((it) => it.id)}
        onClose={() => setOrdering(false)}
        onSaved={(all) => {
          queryClient.setQueryData(rulesKey, all);
          setOrdering(false);
          setOrder(null);
          changed(t("rules.orderSaved"));
        }}
      />
      <Leaving unsaved={unsaved() + (reordered() ? 1 : 0)} />
    </>
  );
}

const neverChanged = { summary: { considered: 0, same: 0 } } as never;
