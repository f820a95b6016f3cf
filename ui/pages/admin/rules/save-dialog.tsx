import { createSignal, Show, type JSX } from "solid-js";
import type { AdminRule } from "../../../../gateway/rule-schemas.ts";
import { ApiError } from "../../../api/errors.ts";
import { createRule, getRule, patchRule } from "../../../api/rule-calls.ts";
import { Button } from "../../../kit/button.tsx";
import { Notice } from "../../../kit/notice.tsx";
import { t } from "../../../messages/rules.ts";
import { DiffView } from "./diff-view.tsx";
import { changesOf, contentOf, onTopOf, type Draft } from "./draft.ts";
import { ReasonDialog } from "./reason-dialog.tsx";
import admin from "../admin.module.css";

interface SaveDialogProps {
  readonly open: boolean;
  readonly draft: Draft;
  readonly newPriority: number;
  readonly onClose: () => void;
  readonly onChange: (draft: Draft) => void;
  readonly onTakeTheirs: (rule: AdminRule) => void;
  readonly onSaved: (rule: AdminRule) => void;
  /** @returns whether the form shows what was refused */
  readonly onRefused: (error: unknown) => boolean;
}

/** Saves a draft with its reason; what somebody else saved meanwhile is looked at first. */
export function SaveDialog(props: SaveDialogProps): JSX.Element {
  const [theirs, setTheirs] = createSignal<AdminRule | null>(null);
  const send = (reason: string, confirm: boolean): Promise<AdminRule> => {
    const { draft, newPriority } = props;
    if (draft.id === null || draft.base === null) {
      const content = { ...contentOf(draft), name: draft.name.trim() };
      return createRule({ ...content, priority: newPriority, reason, confirm });
    }
    const { version } = draft.base;
    return patchRule(draft.id, { ...changesOf(draft), version, reason, confirm });
  };
  const save = async (reason: string, confirm: boolean): Promise<void> => {
    try {
      props.onSaved(await send(reason, confirm));
    } catch (error) {
      const changed = error instanceof ApiError && error.problem?.code === "rule_changed";
      if (changed && props.draft.id !== null) setTheirs(await getRule(props.draft.id));
      if (!props.onRefused(error)) throw error;
    }
  };
  const close = (): void => {
    setTheirs(null);
    props.onClose();
  };
  return (
    <ReasonDialog
      open={props.open}
      title={t("rules.saveTitle", { name: props.draft.name.trim() })}
      submit={t("users.save")}
      onClose={close}
      onSubmit={save}
      explain={(error) =>
        error instanceof ApiError && error.problem?.code === "rule_changed" ? (
          <Conflict
            theirs={theirs()}
            draft={props.draft}
            onMine={() => {
              const rule = theirs();
              if (rule !== null) props.onChange(onTopOf(props.draft, rule));
              setTheirs(null);
            }}
            onTheirs={() => {
              const rule = theirs();
              close();
              if (rule !== null) props.onTakeTheirs(rule);
            }}
          />
        ) : null
      }
    >
      <p class={admin["muted"]}>
        {props.draft.base === null
          ? t("rules.saveNewText")
          : t("rules.saveText", { version: props.draft.base.version })}
      </p>
    </ReasonDialog>
  );
}

/** Mine or theirs: shown beside each other before either goes. */
function Conflict(props: {
  readonly theirs: AdminRule | null;
  readonly draft: Draft;
  readonly onMine: () => void;
  readonly onTheirs: () => void;
}): JSX.Element {
  // What was shown stays while the next save is on its way.
  const { theirs, draft } = props;
  const [decided, setDecided] = createSignal(false);
  return (
    <Show
      when={theirs}
      fallback={<Notice tone="attention" title={t("rules.changedMeanwhile")} urgent />}
    >
      {(rule) => (
        <div class={admin["section"]}>
          <Notice
            tone="attention"
            title={t("rules.wasChanged", { name: rule().updatedBy ?? "", version: rule().version })}
            lines={[decided() ? t("rules.saveAgain") : t("rules.mineOrTheirs")]}
            urgent
            actions={
              <Show when={!decided()}>
                <Button
                  size="small"
                  onClick={() => {
                    setDecided(true);
                    props.onMine();
                  }}
                >
                  {t("rules.keepMine")}
                </Button>
                <Button size="small" onClick={() => props.onTheirs()}>
                  {t("rules.takeTheirs")}
                </Button>
              </Show>
            }
          />
          <DiffView
            label={t("rules.theirsToMine")}
            before={contentOf(rule())}
            after={contentOf(draft)}
          />
        </div>
      )}
    </Show>
  );
}
