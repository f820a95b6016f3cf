import { A, useLocation, type RouteSectionProps } from "@solidjs/router";
import CircleUser from "lucide-solid/icons/circle-user";
import Monitor from "lucide-solid/icons/monitor";
import Settings from "lucide-solid/icons/settings-2";
import { createSignal, onCleanup, createEffect, Show, type JSX } from "solid-js";
import type { Me } from "../../gateway/schemas.ts";
import { live } from "../api/events.ts";
import { t } from "../messages/messages.ts";
import { paths } from "../paths.ts";
import { AccountMenu, initials } from "./account-menu.tsx";
import { Logo } from "./logo.tsx";
import { homeOf, homeOfAdmin, worksInDesktops } from "./home.ts";
import { useSignedIn } from "./signed-in-context.ts";
import styles from "./shell.module.css";

/** A short interruption is nobody's business. */
const patienceMs = 4_000;

/** The frame of every page but the viewer and the sign-in. */
export function Shell(props: RouteSectionProps): JSX.Element {
  const me = useSignedIn();
  const location = useLocation();
  const admin = (): boolean => location.pathname.startsWith(paths.admin());
  const works = (): boolean => worksInDesktops(me().roles);
  return (
    <>
      <a class={styles["skip"]} href="#content" rel="external">
        {t("app.skip")}
      </a>
      <header class={styles["header"]}>
        <A class={styles["home"] ?? ""} href={homeOf(me().roles)} aria-label={t("app.name")}>
          <Logo />
        </A>
        <nav class={styles["nav"]} aria-label={t("app.navigation")}>
          <A class={styles["link"] ?? ""} href={homeOf(me().roles)} end>
            {works() ? t("nav.desktops") : t("nav.account")}
          </A>
          <Show when={homeOfAdmin(me().roles)}>
            {(href) => (
              <A
                class={`${styles["link"]} ${admin() ? styles["here"] : ""}`}
                href={href()}
                aria-current={admin() ? "true" : undefined}
              >
                {t("nav.admin")}
              </A>
            )}
          </Show>
        </nav>
        <span class={styles["spacer"]} />
        <div class={styles["avatarWrap"]}>
          <AccountMenu
            me={me()}
            placement="bottom-end"
            triggerClass={styles["avatar"] ?? ""}
            trigger={<span aria-hidden="true">{initials(me().displayName)}</span>}
          />
        </div>
      </header>
      <LiveLine />
      <main id="content" class={`${styles["main"]} ${admin() ? styles["wide"] : ""}`} tabIndex={-1}>
        {props.children}
      </main>
      <BottomNav
        me={me()}
        works={works()}
        admin={admin()}
        account={location.pathname === paths.account()}
      />
    </>
  );
}

/** On a phone the way around is where the thumb is. */
function BottomNav(props: {
  readonly me: Me;
  readonly works: boolean;
  /** The administration is open. */
  readonly admin: boolean;
  /** The page about oneself is open. */
  readonly account: boolean;
}): JSX.Element {
  const tab = styles["tab"] ?? "";
  return (
    <nav class={styles["bottom"]} aria-label={t("app.navigation")}>
      <Show when={props.works}>
        <A class={tab} href={paths.desktops()} end>
          <Monitor size={20} aria-hidden="true" />
          {t("nav.desktops")}
        </A>
      </Show>
      <Show when={homeOfAdmin(props.me.roles)}>
        {(href) => (
          <A
            class={props.admin ? `${tab} ${styles["here"]}` : tab}
            href={href()}
            aria-current={props.admin ? "true" : undefined}
          >
            <Settings size={20} aria-hidden="true" />
            {t("nav.admin")}
          </A>
        )}
      </Show>
      <AccountMenu
        me={props.me}
        placement="top-end"
        triggerClass={props.account ? `${tab} ${styles["here"]}` : tab}
        trigger={
          <>
            <CircleUser size={20} aria-hidden="true" />
            <span aria-hidden="true">{t("nav.account")}</span>
          </>
        }
      />
    </nav>
  );
}

/** Says so when what is shown may be old. */
function LiveLine(): JSX.Element {
  const [late, setLate] = createSignal(false);
  createEffect(() => {
    const broken = live() === "broken";
    setLate(false);
    if (!broken) return;
    const timer = setTimeout(() => setLate(true), patienceMs);
    onCleanup(() => clearTimeout(timer));
  });
  return (
    <div role="status">
      <Show when={late()}>
        <p class={styles["live"]}>{t("app.liveLost")}</p>
      </Show>
    </div>
  );
}
