import type RFB from "@novnc/novnc";
import { For, type JSX } from "solid-js";
import { Menu, MenuHeading, MenuItem } from "../kit/menu.tsx";
import { t } from "../messages/messages.ts";
import { functionKey, namedKeys, type Modifier, characterKey } from "./keys.ts";
import { isTouch } from "./touch-bar.ts";
import { sendCombination, type Combination } from "./send-keys.ts";

interface KeysMenuProps {
  readonly rfb: RFB | null;
  readonly trigger: JSX.Element;
  readonly triggerClass: string;
  readonly onOpenChange: (open: boolean) => void;
  readonly onClosed: () => void;
}

/** Combinations that the browser or the computer in front keeps for itself. */
const combinations = (): readonly (Combination & { readonly last: string | null })[] => [
  { modifiers: ["ctrl", "alt"], key: namedKeys.Delete, last: t("key.Delete") },
  { modifiers: ["alt"], key: namedKeys.Tab, last: t("key.Tab") },
  { modifiers: ["alt"], key: functionKey(2), last: t("key.function", { number: 2 }) },
  { modifiers: ["alt"], key: functionKey(4), last: t("key.function", { number: 4 }) },
  { modifiers: ["ctrl"], key: characterKey("t"), last: "T" },
  { modifiers: ["ctrl"], key: characterKey("w"), last: "W" },
  { modifiers: ["super"], key: null, last: null },
  { modifiers: [], key: functionKey(11), last: t("key.function", { number: 11 }) },
  { modifiers: [], key: namedKeys.PrintScreen, last: t("key.PrintScreen") },
];

export function KeysMenu(props: KeysMenuProps): JSX.Element {
  const name = (keys: readonly Modifier[], last: string | null): string =>
    [...keys.map((it) => t(`key.${it}`)), ...(last === null ? [] : [last])].join("+");
  return (
    <Menu
      label={null}
      trigger={props.trigger}
      triggerClass={props.triggerClass}
      placement="bottom"
      onOpenChange={props.onOpenChange}
      onClosed={props.onClosed}
    >
      <MenuHeading note={isTouch() ? undefined : t("keys.hint")}>{t("keys.title")}</MenuHeading>
      <For each={combinations()}>
        {(it) => (
          <MenuItem
            disabledReason={props.rfb === null ? t("viewer.state.ended") : null}
            onSelect={() => {
              if (props.rfb !== null) sendCombination(props.rfb, it);
            }}
          >
            {name(it.modifiers, it.last)}
          </MenuItem>
        )}
      </For>
    </Menu>
  );
}
