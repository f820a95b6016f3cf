import { For, Show, type JSX } from "solid-js";
import { useProviders } from "../api/queries.ts";
import { buttonClass } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import { paths } from "../paths.ts";
import styles from "./sign-in.module.css";

/** The ways to sign in that are not a password; nothing where there are none, or they are not known. */
export function ProviderLinks(props: {
  readonly next: string;
  /** The slug of the one that came to nothing: it is at hand to be tried again. */
  readonly again: string | undefined;
}): JSX.Element {
  const query = useProviders();
  const all = () => (query.isPending ? [] : (query.data?.items ?? []));
  return (
    <Show when={all().length > 0}>
      <div class={styles["providers"]}>
        <p class={styles["or"]}>{t("signIn.or")}</p>
        <For each={all()}>
          {({ slug, name }) => (
            <a
              ref={(it) => queueMicrotask(() => slug === props.again && it.focus())}
              class={buttonClass({ size: "large" })}
              href={paths.provider({ slug, next: props.next })}
              // The app's own router must not take it.
              rel="external"
            >
              {t("signIn.with", { name })}
            </a>
          )}
        </For>
      </div>
    </Show>
  );
}
