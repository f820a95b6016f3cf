import type { JSX } from "solid-js";
import { signOut } from "../api/session.ts";
import { Confirm } from "../kit/dialog.tsx";
import { t } from "../messages/messages.ts";
import { toastError } from "./error-notice.tsx";

/** Asks before every browser of the person is signed out. */
export function SignOutEverywhere(props: {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}): JSX.Element {
  return (
    <Confirm
      open={props.open}
      onOpenChange={props.onOpenChange}
      title={t("everywhere.title")}
      confirm={t("everywhere.confirm")}
      cancel={t("app.cancel")}
      onConfirm={() => void signOut(true).catch((error: unknown) => toastError(error, "look"))}
    >
      <p>{t("everywhere.text")}</p>
      <p>{t("everywhere.kept")}</p>
    </Confirm>
  );
}
