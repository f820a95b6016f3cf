import { A } from "@solidjs/router";
import type { Accessor, JSX } from "solid-js";
import type { AdminUser } from "../../../gateway/admin-schemas.ts";
import { Moment } from "../../components/moment.tsx";
import { StateShape } from "../../components/state-badge.tsx";
import { Button } from "../../kit/button.tsx";
import type { Column } from "../../kit/table.tsx";
import { t } from "../../messages/admin.ts";
import { paths } from "../../paths.ts";
import { clamped } from "./clamped.tsx";
import type { useAdminList } from "./use-admin-list.ts";
import styles from "./admin.module.css";

/** What can be done to a person from their row. */
export interface UserActs {
  readonly edit: (user: AdminUser) => void;
  readonly signOut: (user: AdminUser) => void;
  readonly toggleDisabled: (user: AdminUser) => void;
}

export function userColumns(
  list: ReturnType<typeof useAdminList<AdminUser>>,
  ownId: string,
  now: Accessor<number>,
  acts: UserActs,
): Column<AdminUser>[] {
  return [
    {
      head: t("users.username"),
      title: true,
      cell: (user) => (
        <code class={user.disabled ? styles["off"] : styles["strong"]}>{user.username}</code>
      ),
      sort: list.sortOf("name"),
    },
    { head: t("users.displayName"), cell: (user) => clamped(user.displayName, "narrow") },
    { head: t("users.email"), cell: (user) => clamped(user.email, "narrow") },
    {
      head: t("users.roles"),
      cell: (user) => user.roles.map((role) => t(`role.${role}`)).join(", "),
    },
    {
      head: t("users.state"),
      cell: (user) => (
        <span class={`${styles["word"]} ${user.disabled ? styles["off"] : styles["good"]}`}>
          <StateShape state={user.disabled ? "shelved" : "running"} />
          {user.disabled ? t("users.disabled") : t("users.enabled")}
        </span>
      ),
    },
    {
      head: t("users.lastSignIn"),
      cell: (user) => <LastSignIn user={user} now={now} />,
      sort: list.sortOf("lastSignInAt"),
    },
    {
      head: t("adminUsers.made"),
      cell: (user) => <Moment at={user.createdAt} now={now} />,
      sort: list.sortOf("createdAt"),
    },
    {
      head: t("users.uid"),
      end: true,
      cell: (user) => <code class={styles["muted"]}>{user.uid}</code>,
    },
    {
      head: t("users.actions"),
      actions: true,
      cell: (user) => <Actions user={user} own={user.id === ownId} acts={acts} />,
    },
  ];
}

/** It leads to what else the person did. */
function LastSignIn(props: {
  readonly user: AdminUser;
  readonly now: Accessor<number>;
}): JSX.Element {
  return props.user.lastSignInAt === null ? (
    <span class={styles["muted"]}>{t("users.never")}</span>
  ) : (
    <A
      class={styles["link"]}
      href={paths.adminAudit({ actor: props.user.username })}
      title={t("audit.ofPerson", { name: props.user.displayName })}
    >
      <Moment at={props.user.lastSignInAt} now={props.now} />
    </A>
  );
}

function Actions(props: {
  readonly user: AdminUser;
  readonly own: boolean;
  readonly acts: UserActs;
}): JSX.Element {
  const name = (): string => props.user.displayName;
  return (
    <>
      <Button
        size="small"
        variant="quiet"
        aria-label={t("users.editWho", { name: name() })}
        onClick={() => props.acts.edit(props.user)}
      >
        {t("users.edit")}
      </Button>
      <Button
        size="small"
        variant="quiet"
        aria-label={t("adminUsers.signOutWho", { name: name() })}
        onClick={() => props.acts.signOut(props.user)}
      >
        {t("account.signOut")}
      </Button>
      <Button
        size="small"
        variant="quiet"
        aria-label={t(props.user.disabled ? "users.enableWho" : "users.disableWho", {
          name: name(),
        })}
        disabledReason={props.own ? t("users.notYourself") : null}
        onClick={() => props.acts.toggleDisabled(props.user)}
      >
        {props.user.disabled ? t("users.enable") : t("users.disable")}
      </Button>
    </>
  );
}
