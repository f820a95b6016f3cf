import Ellipsis from "lucide-solid/icons/ellipsis";
import { createSignal, Show, type JSX } from "solid-js";
import type { AdminRule } from "../../../../gateway/rule-schemas.ts";
import { deleteRule } from "../../../api/rule-calls.ts";
import { Button, buttonClass } from "../../../kit/button.tsx";
import { Menu, MenuItem } from "../../../kit/menu.tsx";
import { t } from "../../../messages/rules.ts";
import type { Draft } from "./draft.ts";
import { ReasonDialog } from "./reason-dialog.tsx";
import { RemovalPreview } from "./removal-preview.tsx";
import { VersionsDialog } from "./versions-dialog.tsx";

interface RuleMenuProps {
  readonly rule: AdminRule | undefined;
  readonly draft: Draft;
  readonly onSaved: (rule: AdminRule) => void;
  readonly onDeleted: () => void;
  readonly onCopy: () => void;
}

/** What can be done with a rule beside changing it. */
export function RuleMenu(props: RuleMenuProps): JSX.Element {
  const [versions, setVersions] = createSignal(false);
  const [deleting, setDeleting] = createSignal(false);
  return (
    <Show when={props.rule}>
      {(rule) => (
        <>
          <Button size="small" onClick={() => setVersions(true)}>
            {t("rules.versions")}
          </Button>
          <Menu
            label={t("rules.more", { name: rule().name })}
            triggerClass={buttonClass({ size: "small", icon: true, variant: "quiet" })}
            trigger={<Ellipsis size={16} aria-hidden="true" />}
          >
            <MenuItem onSelect={() => props.onCopy()}>{t("rules.copy")}</MenuItem>
            <MenuItem onSelect={() => setDeleting(true)}>{t("rules.delete")}</MenuItem>
          </Menu>
          <VersionsDialog
            open={versions()}
            rule={rule()}
            onClose={() => setVersions(false)}
            onRestored={(restored) => {
              setVersions(false);
              props.onSaved(restored);
            }}
          />
          <ReasonDialog
            open={deleting()}
            title={t("rules.deleteTitle", { name: rule().name })}
            submit={t("admin.delete")}
            danger
            onClose={() => setDeleting(false)}
            onSubmit={async (reason, confirm) => {
              await deleteRule(rule().id, reason, confirm);
              setDeleting(false);
              props.onDeleted();
            }}
          >
            <p>{t("rules.deleteText")}</p>
            <RemovalPreview id={rule().id} />
          </ReasonDialog>
        </>
      )}
    </Show>
  );
}
