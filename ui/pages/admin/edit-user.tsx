import { Show, type JSX } from "solid-js";
import type { AdminUser } from "../../../gateway/admin-schemas.ts";
import { patchUser } from "../../api/calls.ts";
import { limit } from "../../components/limit.ts";
import { PasswordField } from "../../components/password-field.tsx";
import { Field } from "../../kit/field.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/messages.ts";
import { FormDialog, type DialogForm } from "./form-dialog.tsx";
import { changesOf } from "./user-changes.ts";
import { UserForm, type UserEntries } from "./user-form.tsx";
import styles from "./admin.module.css";

interface EditUserProps {
  /** The person whose dialog is open. */
  readonly user: AdminUser | null;
  /** It is the reader's own account. */
  readonly own: boolean;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

export function EditUser(props: EditUserProps): JSX.Element {
  return (
    <FormDialog
      open={props.user !== null}
      onClose={props.onClose}
      title={t("users.editTitle", { name: props.user?.displayName ?? "" })}
    >
      {(dialog) => (
        <Show when={props.user} keyed>
          {(user) => (
            <EditUserForm {...dialog} user={user} own={props.own} onChanged={props.onChanged} />
          )}
        </Show>
      )}
    </FormDialog>
  );
}

interface EditUserFormProps extends DialogForm {
  readonly user: AdminUser;
  readonly own: boolean;
  readonly onChanged: () => void;
}

function EditUserForm(props: EditUserFormProps): JSX.Element {
  const save = async (entries: UserEntries): Promise<void> => {
    const changes = changesOf(props.user, entries);
    if (Object.keys(changes).length === 0) return props.onDone();
    const user = await patchUser(props.user.id, changes);
    props.onChanged();
    props.onDone();
    const name = user.displayName;
    showToast({
      tone: "info",
      title:
        changes.password === undefined
          ? t("users.saved", { name })
          : t("users.savedPassword", { name }),
    });
  };
  const passwordHint = (): string =>
    props.own ? t("users.newPasswordOwn") : t("users.newPasswordHint");

  return (
    <UserForm
      submit={t("users.save")}
      roles={props.user.roles}
      onTouched={props.onTouched}
      onCancel={props.onCancel}
      onSubmit={save}
    >
      {(faults) => (
        <>
          <p class={styles["muted"]}>
            <code>{props.user.username}</code>
          </p>
          <Field
            label={t("users.displayName")}
            name="displayName"
            {...limit(200)}
            value={props.user.displayName}
            error={faults().displayName}
            autocomplete="off"
            required
          />
          <Field
            label={t("users.email")}
            name="email"
            {...limit(254)}
            type="email"
            value={props.user.email ?? ""}
            optional={t("users.optional")}
            error={faults().email}
            autocomplete="off"
          />
          <PasswordField
            label={t("users.newPassword")}
            name="password"
            {...limit(200)}
            optional={t("users.optional")}
            hint={faults().password === undefined ? passwordHint() : undefined}
            error={faults().password}
            autocomplete="new-password"
          />
        </>
      )}
    </UserForm>
  );
}
