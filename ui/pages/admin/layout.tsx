import { useLocation, type RouteSectionProps } from "@solidjs/router";
import ChevronDown from "lucide-solid/icons/chevron-down";
import { For, Show, type JSX } from "solid-js";
import { HomeLink } from "../../components/home-link.tsx";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { Menu, MenuGroup, MenuLink } from "../../kit/menu.tsx";
import { Notice } from "../../kit/notice.tsx";
import { t } from "../../messages/admin.ts";
import { grouped, pageAt, pagesFor } from "./admin-pages.ts";
import styles from "./layout.module.css";

/** What surrounds the pages of the administration: the way among them, for those who may use them. */
export function AdminLayout(props: RouteSectionProps): JSX.Element {
  const me = useSignedIn();
  const location = useLocation();
  const mine = () => pagesFor(me().roles);
  const here = () => pageAt(location.pathname);
  /** On a page of something in a list, that list is where one is, and not the page itself. */
  const currentOf = (href: string): "page" | "true" | undefined => {
    if (here()?.href !== href) return undefined;
    return location.pathname === href ? "page" : "true";
  };
  const allowed = (): boolean => {
    const page = here();
    return page === undefined ? mine().length > 0 : mine().includes(page);
  };
  return (
    <Show when={allowed()} fallback={<Forbidden />}>
      <nav class={styles["nav"]} aria-label={t("admin.title")}>
        <div class={styles["wide"]}>
          <ul class={styles["row"]}>
            <For each={grouped(mine())}>
              {([group, pages]) => (
                <li>
                  <a
                    class={styles["group"]}
                    href={pages[0]?.href}
                    aria-current={here()?.group === group ? "true" : undefined}
                  >
                    {t(`nav.group.${group}`)}
                  </a>
                </li>
              )}
            </For>
          </ul>
          <ul class={styles["row"]}>
            <For each={mine().filter((it) => it.group === here()?.group)}>
              {(page) => (
                <li>
                  <a class={styles["link"]} href={page.href} aria-current={currentOf(page.href)}>
                    {t(page.text)}
                  </a>
                </li>
              )}
            </For>
          </ul>
        </div>
        <div class={styles["menu"]}>
          <Menu
            label={null}
            placement="bottom-start"
            triggerClass={styles["trigger"] ?? ""}
            trigger={
              <>
                <span class={styles["muted"]}>{t("admin.title")}</span>
                <span class={styles["here"]}>{t(here()?.text ?? "admin.title")}</span>
                <ChevronDown size={16} aria-hidden="true" />
              </>
            }
          >
            <For each={grouped(mine())}>
              {([group, pages]) => (
                <MenuGroup label={t(`nav.group.${group}`)}>
                  <For each={pages}>
                    {(page) => <MenuLink href={page.href}>{t(page.text)}</MenuLink>}
                  </For>
                </MenuGroup>
              )}
            </For>
          </Menu>
        </div>
      </nav>
      {props.children}
    </Show>
  );
}

function Forbidden(): JSX.Element {
  return (
    <>
      <h1 class="visually-hidden">{t("admin.title")}</h1>
      <Notice
        tone="attention"
        title={t("admin.forbidden")}
        lines={[t("admin.forbiddenNext")]}
        actions={<HomeLink />}
      />
    </>
  );
}
