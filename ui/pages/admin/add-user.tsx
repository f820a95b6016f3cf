import { createSignal, For, Show, type JSX } from "solid-js";
import type { Role } from "../../../gateway/schemas.ts";
import { createUser } from "../../api/calls.ts";
import { explain } from "../../api/explain.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { Field } from "../../kit/field.tsx";
import { showToast } from "../../kit/toaster.tsx";
import { t } from "../../messages/messages.ts";
import styles from "./admin.module.css";

// A value of the server's would bring its validation library along; the type keeps them in step.
const roles: readonly Role[] = ["user", "staff", "admin", "monitor"];

interface AddUserProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly onAdded: () => void;
}

export function AddUser(props: AddUserProps): JSX.Element {
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={t("users.addTitle")}>
      <AddUserForm {...props} />
    </Dialog>
  );
}

function AddUserForm(props: AddUserProps): JSX.Element {
  const [error, setError] = createSignal<unknown>(null);
  const [busy, setBusy] = createSignal(false);
  const fields = () =>
    (error() === null ? {} : explain(error(), "administer").fields) as Record<string, string>;

  const submit = async (event: SubmitEvent & { currentTarget: HTMLFormElement }): Promise<void> => {
    event.preventDefault();
    if (busy()) return;
    const form = new FormData(event.currentTarget);
    const text = (name: string): string => String(form.get(name) ?? "").trim();
    setBusy(true);
    setError(null);
    try {
      const user = await createUser({
        username: text("username"),
        password: String(form.get("password") ?? ""),
        ...(text("displayName") === "" ? {} : { displayName: text("displayName") }),
        ...(text("email") === "" ? {} : { email: text("email") }),
        roles: roles.filter((role) => form.getAll("roles").includes(role)),
      });
      props.onAdded();
      props.onOpenChange(false);
      showToast({ tone: "info", title: t("users.created", { name: user.displayName }) });
    } catch (failure) {
      setError(() => failure);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      class={styles["form"]}
      onSubmit={(event) => void submit(event)}
      noValidate
      autocomplete="off"
    >
      <Show when={error()}>
        {(failure) => <ErrorNotice error={failure()} doing="administer" urgent />}
      </Show>
      <Field
        label={t("users.username")}
        name="username"
        hint={t("users.usernameHint")}
        error={fields()["username"]}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        required
      />
      <Field
        label={t("users.displayName")}
        name="displayName"
        optional={t("users.optional")}
        error={fields()["displayName"]}
        autocomplete="off"
      />
      <Field
        label={t("users.email")}
        name="email"
        type="email"
        optional={t("users.optional")}
        error={fields()["email"]}
        autocomplete="off"
      />
      <Field
        label={t("users.password")}
        name="password"
        type="password"
        hint={t("users.passwordHint")}
        error={fields()["password"]}
        autocomplete="new-password"
        required
      />
      <fieldset class={styles["roles"]}>
        <legend>{t("users.roles")}</legend>
        <For each={roles}>
          {(role) => (
            <label class={styles["role"]}>
              <input type="checkbox" name="roles" value={role} checked={role === "user"} />
              <span>
                {t(`role.${role}`)} <span class={styles["muted"]}>{t(`role.${role}.text`)}</span>
              </span>
            </label>
          )}
        </For>
      </fieldset>
      <div class={styles["actions"]}>
        <Button onClick={() => props.onOpenChange(false)}>{t("app.cancel")}</Button>
        <Button type="submit" variant="primary" aria-busy={busy()}>
          {t("users.create")}
        </Button>
      </div>
    </form>
  );
}
