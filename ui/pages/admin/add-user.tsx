import type { JSX } from "solid-js";
import { createUser } from "../../api/calls.ts";
import { foldCase } from "../../components/fold-case.ts";
import { limit } from "../../components/limit.ts";
import { PasswordField } from "../../components/password-field.tsx";
import { Field } from "../../kit/field.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/messages.ts";
import { FormDialog, type DialogForm } from "./form-dialog.tsx";
import { UserForm, type UserEntries } from "./user-form.tsx";

interface AddUserProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly onAdded: () => void;
}

export function AddUser(props: AddUserProps): JSX.Element {
  return (
    <FormDialog
      open={props.open}
      onClose={() => props.onOpenChange(false)}
      title={t("users.addTitle")}
    >
      {(dialog) => <AddUserForm {...dialog} onAdded={props.onAdded} />}
    </FormDialog>
  );
}

interface AddUserFormProps extends DialogForm {
  readonly onAdded: () => void;
}

function AddUserForm(props: AddUserFormProps): JSX.Element {
  const add = async (entries: UserEntries): Promise<void> => {
    const { username, password, displayName, email, roles } = entries;
    const user = await createUser({
      username: username.toLowerCase(),
      password,
      ...(displayName === "" ? {} : { displayName }),
      ...(email === "" ? {} : { email }),
      roles,
    });
    props.onAdded();
    props.onDone();
    showToast({ tone: "info", title: t("users.created", { name: user.displayName }) });
  };

  return (
    <UserForm
      submit={t("users.create")}
      roles={["user"]}
      onTouched={props.onTouched}
      onCancel={props.onCancel}
      onSubmit={add}
    >
      {(faults) => (
        <>
          <Field
            label={t("users.username")}
            name="username"
            {...limit(31)}
            hint={faults().username === undefined ? t("users.usernameHint") : undefined}
            error={faults().username}
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
            required
            onInput={(event) => {
              if (!event.isComposing) foldCase(event.currentTarget);
            }}
          />
          <Field
            label={t("users.displayName")}
            name="displayName"
            {...limit(200)}
            optional={t("users.optional")}
            error={faults().displayName}
            autocomplete="off"
          />
          <Field
            label={t("users.email")}
            name="email"
            {...limit(254)}
            type="email"
            optional={t("users.optional")}
            error={faults().email}
            autocomplete="off"
          />
          <PasswordField
            label={t("users.password")}
            name="password"
            {...limit(200)}
            hint={faults().password === undefined ? t("users.passwordHint") : undefined}
            error={faults().password}
            autocomplete="new-password"
            required
          />
        </>
      )}
    </UserForm>
  );
}
