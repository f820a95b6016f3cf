import { Show, type JSX } from "solid-js";
import { formatExact } from "../../components/time.ts";
import { t } from "../../messages/admin.ts";
import { dateFormat } from "../../messages/formats.ts";
import { locale } from "../../messages/messages.ts";
import styles from "./admin.module.css";

/** A moment in the reader's zone, to the minute; the exact time with its zone on hover. `at`: ISO 8601. */
export function When(props: { readonly at: string; readonly seconds?: boolean }): JSX.Element {
  const atMs = (): number => Date.parse(props.at);
  const text = (): string =>
    dateFormat(locale(), {
      dateStyle: "medium",
      timeStyle: props.seconds === true ? "medium" : "short",
    }).format(atMs());
  return (
    <time datetime={props.at} title={formatExact(atMs(), locale())}>
      {text()}
    </time>
  );
}

/** Until when something holds; null: for good. */
export function End(props: { readonly at: string | null }): JSX.Element {
  return (
    <Show when={props.at} fallback={<span class={styles["muted"]}>{t("admin.noEnd")}</span>}>
      {(at) => <When at={at()} />}
    </Show>
  );
}
