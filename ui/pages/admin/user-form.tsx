import { createSignal, createUniqueId, For, Show, type JSX } from "solid-js";
import type { Role } from "../../../gateway/schemas.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Button } from "../../kit/button.tsx";
import { t } from "../../messages/messages.ts";
import { userFaults, type UserFaults } from "./user-faults.ts";
import styles from "./admin.module.css";

// A value of the server's would bring its validation library along; the type keeps them in step.
const roles: readonly Role[] = ["user", "staff", "admin", "monitor"];

/** What was typed, with the spaces around it taken off, but for the password's. */
export interface UserEntries {
  readonly username: string;
  readonly displayName: string;
  readonly email: string;
  readonly password: string;
  readonly roles: Role[];
}

interface UserFormProps {
  readonly submit: string;
  readonly roles: readonly Role[];
  readonly onCancel: () => void;
  /** Throws what the server refuses; that is shown. */
  readonly onSubmit: (entries: UserEntries) => Promise<void>;
  readonly children: (faults: () => UserFaults) => JSX.Element;
}

/** A form about a person: its fields, the roles, and every fault at its place. */
export function UserForm(props: UserFormProps): JSX.Element {
  const [error, setError] = createSignal<unknown>(null);
  const [busy, setBusy] = createSignal(false);
  const faults = (): UserFaults => userFaults(error());
  const placed = (): boolean => Object.keys(faults()).length > 0;
  let form: HTMLFormElement | undefined;

  const submit = async (event: SubmitEvent & { currentTarget: HTMLFormElement }): Promise<void> => {
    event.preventDefault();
    if (busy()) return;
    const entries = read(new FormData(event.currentTarget));
    setBusy(true);
    setError(null);
    try {
      await props.onSubmit(entries);
    } catch (failure) {
      setError(() => failure);
      form?.querySelector<HTMLElement>("[aria-invalid=true], [data-fault] input")?.focus();
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      ref={(it) => (form = it)}
      class={styles["form"]}
      onSubmit={(event) => void submit(event)}
      noValidate
      autocomplete="off"
    >
      <Show when={!placed() && error()}>
        {(failure) => <ErrorNotice error={failure()} doing="administer" urgent />}
      </Show>
      {props.children(faults)}
      <Roles chosen={props.roles} fault={faults().roles} />
      <div class={`${styles["actions"]} ${styles["stay"]}`}>
        <Button onClick={() => props.onCancel()}>{t("app.cancel")}</Button>
        <Button type="submit" variant="primary" aria-busy={busy()}>
          {props.submit}
        </Button>
      </div>
    </form>
  );
}

function Roles(props: {
  readonly chosen: readonly Role[];
  readonly fault: string | undefined;
}): JSX.Element {
  const id = createUniqueId();
  return (
    <fieldset
      class={styles["roles"]}
      aria-describedby={props.fault === undefined ? undefined : id}
      data-fault={props.fault === undefined ? undefined : ""}
    >
      <legend>{t("users.roles")}</legend>
      <For each={roles}>
        {(role) => (
          <label class={styles["role"]}>
            <input
              type="checkbox"
              name="roles"
              value={role}
              checked={props.chosen.includes(role)}
            />
            <span>
              {t(`role.${role}`)} <span class={styles["muted"]}>{t(`role.${role}.text`)}</span>
            </span>
          </label>
        )}
      </For>
      <Show when={props.fault}>
        {(text) => (
          <p id={id} class={styles["fault"]}>
            {text()}
          </p>
        )}
      </Show>
    </fieldset>
  );
}

function read(form: FormData): UserEntries {
  const text = (name: string): string => String(form.get(name) ?? "").trim();
  const chosen = form.getAll("roles");
  return {
    username: text("username"),
    displayName: text("displayName"),
    email: text("email"),
    password: String(form.get("password") ?? ""),
    roles: roles.filter((role) => chosen.includes(role)),
  };
}
