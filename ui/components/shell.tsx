import { A, useLocation, type RouteSectionProps } from "@solidjs/router";
import CircleUser from "lucide-solid/icons/circle-user";
import Monitor from "lucide-solid/icons/monitor";
import MonitorSmartphone from "lucide-solid/icons/monitor-smartphone";
import Server from "lucide-solid/icons/server";
import Users from "lucide-solid/icons/users";
import { createSignal, For, onCleanup, createEffect, Show, type JSX } from "solid-js";
import type { Me } from "../../gateway/schemas.ts";
import { live } from "../api/events.ts";
import { t } from "../messages/messages.ts";
import { paths } from "../paths.ts";
import { AccountMenu, initials } from "./account-menu.tsx";
import { Logo } from "./logo.tsx";
import { homeOf, looksAfterBeamlines, worksInDesktops } from "./home.ts";
import { useSignedIn } from "./signed-in-context.ts";
import styles from "./shell.module.css";

/** A short interruption is nobody's business. */
const patienceMs = 4_000;

/** The frame of every page but the viewer and the sign-in. */
export function Shell(props: RouteSectionProps): JSX.Element {
  const me = useSignedIn();
  const location = useLocation();
  const admin = (): boolean => location.pathname.startsWith(paths.admin());
  const isAdmin = (): boolean => me().roles.includes("admin");
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
          <Show when={!isAdmin() && looksAfterBeamlines(me().roles)}>
            <A class={styles["link"] ?? ""} href={paths.adminStations()}>
              {t("nav.stations")}
            </A>
          </Show>
          <Show when={isAdmin()}>
            <A
              class={`${styles["link"]} ${admin() ? styles["here"] : ""}`}
              href={paths.adminNodes()}
              aria-current={admin() ? "true" : undefined}
            >
              {t("nav.admin")}
            </A>
            <Show when={admin()}>
              <div class={styles["sub"]}>
                <For each={adminPages()}>
                  {(page) => (
                    <A class={styles["link"] ?? ""} href={page.href}>
                      {page.text}
                    </A>
                  )}
                </For>
              </div>
            </Show>
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
        admin={isAdmin()}
        account={location.pathname === paths.account()}
      />
    </>
  );
}

const adminPages = () => [
  { href: paths.adminNodes(), text: t("nav.nodes"), icon: Server },
  { href: paths.adminUsers(), text: t("nav.users"), icon: Users },
  { href: paths.adminStations(), text: t("nav.stations"), icon: MonitorSmartphone },
];

/** On a phone the way around is where the thumb is. */
function BottomNav(props: {
  readonly me: Me;
  readonly works: boolean;
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
      <Show when={!props.admin && looksAfterBeamlines(props.me.roles)}>
        <A class={tab} href={paths.adminStations()}>
          <MonitorSmartphone size={20} aria-hidden="true" />
          {t("nav.stations")}
        </A>
      </Show>
      <Show when={props.admin}>
        <For each={adminPages()}>
          {(page) => (
            <A class={tab} href={page.href}>
              <page.icon size={20} aria-hidden="true" />
              {page.text}
            </A>
          )}
        </For>
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
