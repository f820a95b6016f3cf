import { createSignal, For, Match, Show, Switch, type JSX } from "solid-js";
import type { AdminRule } from "../../../../gateway/rule-schemas.ts";
import { listRuleVersions, restoreRule, type RuleVersion } from "../../../api/rule-calls.ts";
import { useQuery } from "../../../api/use-query.ts";
import { ErrorNotice } from "../../../components/error-notice.tsx";
import { Loading } from "../../../components/loading.tsx";
import { Button } from "../../../kit/button.tsx";
import { Dialog } from "../../../kit/dialog.tsx";
import { t } from "../../../messages/rules.ts";
import { When } from "../when.tsx";
import { DiffView } from "./diff-view.tsx";
import { sameContent } from "./draft.ts";
import { ReasonDialog } from "./reason-dialog.tsx";
import styles from "./versions.module.css";

interface VersionsDialogProps {
  readonly open: boolean;
  readonly rule: AdminRule;
  readonly onClose: () => void;
  readonly onRestored: (rule: AdminRule) => void;
}

/** Everything a rule was: by whom, why, and what is another now. */
export function VersionsDialog(props: VersionsDialogProps): JSX.Element {
  const [restoring, setRestoring] = createSignal<RuleVersion | null>(null);
  return (
    <>
      <Dialog
        open={props.open && restoring() === null}
        onOpenChange={(open) => !open && restoring() === null && props.onClose()}
        title={t("rules.versionsOf", { name: props.rule.name })}
        wide
      >
        <Versions rule={props.rule} onRestore={setRestoring} />
      </Dialog>
      <ReasonDialog
        open={restoring() !== null}
        title={t("rules.restoreTitle", { version: restoring()?.version ?? 0 })}
        submit={t("rules.restore")}
        onClose={() => setRestoring(null)}
        onSubmit={async (reason, confirm) => {
          const version = restoring()?.version ?? 0;
          const restored = await restoreRule(props.rule.id, { version, reason, confirm });
          setRestoring(null);
          props.onRestored(restored);
        }}
      >
        <p>{t("rules.restoreText", { version: props.rule.version })}</p>
      </ReasonDialog>
    </>
  );
}

function Versions(props: {
  readonly rule: AdminRule;
  readonly onRestore: (version: RuleVersion) => void;
}): JSX.Element {
  const query = useQuery(() => ({
    queryKey: ["admin-rule-versions", props.rule.id, props.rule.version],
    queryFn: ({ signal }) => listRuleVersions(props.rule.id, signal),
  }));
  const [chosen, setChosen] = createSignal<number | null>(null);
  const items = (): readonly RuleVersion[] => query.data?.items ?? [];
  const shown = (): RuleVersion | undefined =>
    items().find((it) => it.version === chosen()) ?? items()[1] ?? items()[0];
  return (
    <Switch>
      <Match when={query.isError && query.data === undefined}>
        <ErrorNotice error={query.error} doing="look" retry={() => void query.refetch()} />
      </Match>
      <Match when={query.isPending}>
        <Loading />
      </Match>
      <Match when={shown()}>
        {(it) => (
          <div class={styles["versions"]}>
            <ul class={styles["list"]} aria-label={t("rules.versions")}>
              <For each={items()}>
                {(version) => (
                  <li>
                    <VersionButton
                      version={version}
                      chosen={version.version === it().version}
                      current={version.version === props.rule.version}
                      onChoose={() => setChosen(version.version)}
                    />
                  </li>
                )}
              </For>
            </ul>
            <div class={styles["shown"]}>
              <Chosen {...props} version={it()} />
            </div>
          </div>
        )}
      </Match>
    </Switch>
  );
}

function VersionButton(props: {
  readonly version: RuleVersion;
  readonly chosen: boolean;
  readonly current: boolean;
  readonly onChoose: () => void;
}): JSX.Element {
  return (
    <button
      type="button"
      class={styles["version"]}
      aria-pressed={props.chosen}
      onClick={() => props.onChoose()}
    >
      <span class={styles["strong"]}>
        {t("rules.version", { version: props.version.version })}
        <Show when={props.current}> · {t("rules.now")}</Show>
      </span>
      <span class={styles["muted"]}>
        {props.version.author} · <When at={props.version.at} />
      </span>
      <span class={styles["reason"]}>{props.version.reason || t("rules.noReason")}</span>
    </button>
  );
}

function Chosen(props: {
  readonly rule: AdminRule;
  readonly version: RuleVersion;
  readonly onRestore: (version: RuleVersion) => void;
}): JSX.Element {
  const same = (): boolean => sameContent(props.version, props.rule);
  return (
    <Show when={!same()} fallback={<p class={styles["muted"]}>{t("rules.sameAsNow")}</p>}>
      <h3 class={styles["title"]}>{t("rules.sinceVersion", { version: props.version.version })}</h3>
      <DiffView
        label={t("rules.sinceVersion", { version: props.version.version })}
        before={props.version}
        after={props.rule}
      />
      <Button onClick={() => props.onRestore(props.version)}>
        {t("rules.restoreVersion", { version: props.version.version })}
      </Button>
    </Show>
  );
}
