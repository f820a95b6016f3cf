import { createUniqueId, For, Show, type JSX } from "solid-js";
import type { Role } from "../../../gateway/schemas.ts";
import { t } from "../../messages/messages.ts";
import { AdminForm } from "./admin-form.tsx";
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
  readonly onTouched: () => void;
  readonly onCancel: () => void;
  /** Throws what the server refuses; that is shown. */
  readonly onSubmit: (entries: UserEntries) => Promise<void>;
  readonly children: (faults: () => UserFaults) => JSX.Element;
}

/** A form about a person: its fields, the roles, and every fault at its place. */
export function UserForm(props: UserFormProps): JSX.Element {
  return (
    <AdminForm
      submit={props.submit}
      onCancel={props.onCancel}
      onTouched={props.onTouched}
      faultsOf={userFaults}
      onSubmit={(form) => props.onSubmit(read(form))}
    >
      {(faults) => (
        <>
          {props.children(faults)}
          <Roles chosen={props.roles} fault={faults().roles} />
        </>
      )}
    </AdminForm>
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
