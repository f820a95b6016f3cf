import { Show, type JSX } from "solid-js";
import { Button } from "../../kit/button.tsx";
import { t } from "../../messages/admin.ts";

interface RowActionsProps {
  /** What the row is of, for those who hear the buttons out of their row. */
  readonly name: string;
  readonly onEdit?: (() => void) | undefined;
  readonly onDelete: () => void;
}

/** Edit and delete, at the end of a row. */
export function RowActions(props: RowActionsProps): JSX.Element {
  return (
    <>
      <Show when={props.onEdit}>
        {(edit) => (
          <Button
            size="small"
            variant="quiet"
            aria-label={t("users.editWho", { name: props.name })}
            onClick={() => edit()()}
          >
            {t("users.edit")}
          </Button>
        )}
      </Show>
      <Button
        size="small"
        variant="quiet"
        aria-label={t("admin.deleteWhat", { name: props.name })}
        onClick={() => props.onDelete()}
      >
        {t("admin.delete")}
      </Button>
    </>
  );
}
