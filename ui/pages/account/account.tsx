import { For, Show, type JSX } from "solid-js";
import { worksInDesktops } from "../../components/home.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { t } from "../../messages/messages.ts";
import { Fact } from "./fact.tsx";
import { Home } from "./home.tsx";
import { Part } from "./part.tsx";
import { SignIns } from "./sign-ins.tsx";
import { Tokens } from "./tokens.tsx";
import styles from "./account.module.css";

/** Who one is here, where one is signed in, and what may call in one's name. */
export function AccountPage(): JSX.Element {
  usePageTitle(() => t("nav.account"));
  const me = useSignedIn();
  return (
    <div class={styles["page"]}>
      <h1 class={styles["name"]}>{t("nav.account")}</h1>
      <Who />
      <Show when={worksInDesktops(me().roles)}>
        <Home />
      </Show>
      <SignIns />
      <Tokens />
    </div>
  );
}

function Who(): JSX.Element {
  const me = useSignedIn();
  return (
    <Part id="who" title={t("account.who")}>
      <dl class={`${styles["card"]} ${styles["who"]}`}>
        <Fact name={t("users.displayName")}>{me().displayName}</Fact>
        <Fact name={t("users.username")}>
          <code>{me().username}</code>
        </Fact>
        <Fact name={t("users.email")}>
          {me().email ?? <span class={styles["muted"]}>{t("account.noEmail")}</span>}
        </Fact>
        <Fact name={t("users.roles")}>
          <ul>
            <For each={me().roles}>
              {(role) => (
                <li>
                  {t(`role.${role}`)} <span class={styles["muted"]}>{t(`role.${role}.text`)}</span>
                </li>
              )}
            </For>
          </ul>
        </Fact>
      </dl>
    </Part>
  );
}
