import { DropdownMenu } from "@kobalte/core/dropdown-menu";
import Check from "lucide-solid/icons/check";
import { For, Show, type JSX } from "solid-js";
import styles from "./menu.module.css";

interface MenuProps {
  /** The button's accessible name; null where its content says it all. */
  readonly label: string | null;
  readonly trigger: JSX.Element;
  readonly triggerClass: string;
  readonly placement?: "bottom-end" | "bottom-start" | "top-end" | "bottom" | undefined;
  readonly children: JSX.Element;
  readonly onOpenChange?: ((open: boolean) => void) | undefined;
  /** Where focus goes when it closes; the button where this is not given. */
  readonly onClosed?: (() => void) | undefined;
}

/** A button that opens a menu. */
export function Menu(props: MenuProps): JSX.Element {
  let trigger: HTMLElement | undefined;
  // Within the landmark that it belongs to, a menu is part of the page to those who cannot see it.
  const landmark = (): HTMLElement =>
    trigger?.closest<HTMLElement>("header, nav, main") ?? document.body;
  return (
    <DropdownMenu
      placement={props.placement ?? "bottom-end"}
      gutter={4}
      overflowPadding={8}
      preventScroll={false}
      modal={false}
      onOpenChange={(open) => props.onOpenChange?.(open)}
    >
      <DropdownMenu.Trigger<"button">
        ref={(it: HTMLElement) => (trigger = it)}
        class={props.triggerClass}
        aria-label={props.label ?? undefined}
      >
        {props.trigger}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal mount={landmark()} ref={withoutBox}>
        <DropdownMenu.Content
          class={styles["content"]}
          onCloseAutoFocus={(event) => {
            if (props.onClosed === undefined) return;
            event.preventDefault();
            props.onClosed();
          }}
        >
          {props.children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu>
  );
}

/** The portal's own element must take no place, and no gap, among the landmark's children. */
function withoutBox(element: ElementCSSInlineStyle): void {
  element.style.display = "contents";
}

interface MenuItemProps {
  readonly onSelect: () => void;
  readonly disabledReason?: string | null | undefined;
  readonly note?: string | undefined;
  readonly children: JSX.Element;
}

/** One line of a menu. Where it cannot be used, the reason stands below. */
export function MenuItem(props: MenuItemProps): JSX.Element {
  const note = (): string | undefined => props.disabledReason ?? props.note;
  return (
    <DropdownMenu.Item
      class={styles["item"]}
      disabled={typeof props.disabledReason === "string"}
      onSelect={props.onSelect}
    >
      <DropdownMenu.ItemLabel>{props.children}</DropdownMenu.ItemLabel>
      <Show when={note()}>
        {(text) => (
          <DropdownMenu.ItemDescription class={styles["note"]}>
            {text()}
          </DropdownMenu.ItemDescription>
        )}
      </Show>
    </DropdownMenu.Item>
  );
}

/** A line that leads elsewhere; `outside`: out of the app. */
export function MenuLink(props: {
  readonly href: string;
  readonly outside?: boolean;
  readonly children: JSX.Element;
}): JSX.Element {
  return (
    <DropdownMenu.Item
      as="a"
      class={styles["item"]}
      href={props.href}
      rel={props.outside === true ? "external" : undefined}
    >
      {props.children}
    </DropdownMenu.Item>
  );
}

interface MenuChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly text: string; readonly note?: string }[];
  readonly onChange: (value: T) => void;
}

/** One of several, in a menu. */
export function MenuChoice<T extends string>(props: MenuChoiceProps<T>): JSX.Element {
  return (
    <DropdownMenu.RadioGroup
      value={props.value}
      onChange={(value) => {
        const option = props.options.find((it) => it.value === value);
        if (option !== undefined) props.onChange(option.value);
      }}
      aria-label={props.label}
    >
      <div class={styles["label"]} aria-hidden="true">
        {props.label}
      </div>
      <For each={props.options}>
        {(option) => (
          <DropdownMenu.RadioItem class={styles["item"]} value={option.value} closeOnSelect={false}>
            <DropdownMenu.ItemLabel>{option.text}</DropdownMenu.ItemLabel>
            <DropdownMenu.ItemIndicator class={styles["check"]}>
              <Check size={16} aria-hidden="true" />
            </DropdownMenu.ItemIndicator>
            <Show when={option.note}>{(text) => <span class={styles["note"]}>{text()}</span>}</Show>
          </DropdownMenu.RadioItem>
        )}
      </For>
    </DropdownMenu.RadioGroup>
  );
}

export function MenuHeading(props: {
  readonly children: JSX.Element;
  readonly note?: string | undefined;
}): JSX.Element {
  return (
    <div class={styles["heading"]} role="presentation">
      {props.children}
      <Show when={props.note}>{(text) => <span class={styles["headingNote"]}>{text()}</span>}</Show>
    </div>
  );
}

/** Lines under a word of their own. */
export function MenuGroup(props: {
  readonly label: string;
  readonly children: JSX.Element;
}): JSX.Element {
  return (
    <DropdownMenu.Group>
      <DropdownMenu.GroupLabel class={styles["label"]} as="div">
        {props.label}
      </DropdownMenu.GroupLabel>
      {props.children}
    </DropdownMenu.Group>
  );
}

export function MenuSeparator(): JSX.Element {
  return <DropdownMenu.Separator class={styles["separator"]} />;
}
