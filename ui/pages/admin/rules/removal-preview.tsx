import { Match, Switch, type JSX } from "solid-js";
import { previewRules } from "../../../api/rule-calls.ts";
import { useQuery } from "../../../api/use-query.ts";
import { t } from "../../../messages/rules.ts";
import { changedCount } from "./rule-words.ts";
import admin from "../admin.module.css";

/** How many requests would fare otherwise without a rule. */
export function RemovalPreview(props: { readonly id: string }): JSX.Element {
  const query = useQuery(() => ({
    queryKey: ["admin-rules", "removal", props.id],
    queryFn: ({ signal }) => previewRules({ remove: props.id }, signal),
    staleTime: 0,
    retry: false,
  }));
  return (
    <p class={admin["muted"]} role="status">
      <Switch fallback={t("rules.removalUnknown")}>
        <Match when={query.data}>
          {(it) => t("rules.removal", { count: changedCount(it()), of: it().summary.considered })}
        </Match>
        <Match when={query.isPending}>{t("rules.previewing")}</Match>
      </Switch>
    </p>
  );
}
