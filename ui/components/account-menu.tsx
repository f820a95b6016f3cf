import { createSignal, Show, type JSX } from "solid-js";
import type { Me } from "../../gateway/schemas.ts";
import { signOut } from "../api/session.ts";
import { Menu, MenuChoice, MenuHeading, MenuItem, MenuLink, MenuSeparator } from "../kit/menu.tsx";
import {
  chooseLanguage,
  languageChoice,
  languageNames,
  languages,
  t,
} from "../messages/messages.ts";
import { paths } from "../paths.ts";
import { chooseTheme, theme, themes } from "../styles/theme.ts";
import { toastError } from "./error-notice.tsx";
import { isStation } from "./station.ts";
import { SignOutEverywhere } from "./sign-out-everywhere.tsx";

interface AccountMenuProps {
  readonly me: Me;
  readonly trigger: JSX.Element;
  readonly triggerClass: string;
  readonly placement: "bottom-end" | "top-end";
}

export function AccountMenu(props: AccountMenuProps): JSX.Element {
  const [asking, setAsking] = createSignal(false);
  const leave = (): void => {
    signOut().catch((error: unknown) => toastError(error, "look"));
  };
  return (
    <>
      <Menu
        label={t("account.menu", { name: props.me.displayName })}
        trigger={props.trigger}
        triggerClass={props.triggerClass}
        placement={props.placement}
      >
        <MenuHeading note={props.me.username}>{props.me.displayName}</MenuHeading>
        <Show when={!isStation(props.me)}>
          <MenuLink href={paths.account()}>{t("account.open")}</MenuLink>
          <MenuSeparator />
        </Show>
        <MenuChoice
          label={t("account.theme")}
          value={theme()}
          options={themes.map((value) => ({ value, text: t(`account.theme.${value}`) }))}
          onChange={chooseTheme}
        />
        <MenuSeparator />
        <MenuChoice
          label={t("account.language")}
          value={languageChoice()}
          options={[
            { value: "system" as const, text: t("account.language.system") },
            ...languages.map((value) => ({ value, text: languageNames[value] })),
          ]}
          onChange={(value) => void chooseLanguage(value)}
        />
        {/* A station is signed in for good: staff revoke it. */}
        <Show when={!isStation(props.me)}>
          <MenuSeparator />
          <MenuLink href={paths.apiReference()} outside>
            {t("account.apiReference")}
          </MenuLink>
          <MenuItem onSelect={() => leave()}>{t("account.signOut")}</MenuItem>
          <MenuItem onSelect={() => setAsking(true)}>{t("account.signOutEverywhere")}</MenuItem>
        </Show>
      </Menu>
      <SignOutEverywhere open={asking()} onOpenChange={setAsking} />
    </>
  );
}

/** Two letters that stand for a person. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = words[0] ?? "";
  const last = words.length > 1 ? (words.at(-1) ?? "") : "";
  const letters = last === "" ? [...first].slice(0, 2) : [[...first][0] ?? "", [...last][0] ?? ""];
  return letters.join("").toLocaleUpperCase();
}
