import { useSearchParams } from "@solidjs/router";
import { Match, Show, Switch, type JSX } from "solid-js";
import { isSignedOut } from "../api/errors.ts";
import { useMe, useProviders } from "../api/queries.ts";
import { signInNotice } from "../api/session.ts";
import { ErrorNotice } from "../components/error-notice.tsx";
import { Notice } from "../kit/notice.tsx";
import { t } from "../messages/messages.ts";
import { problemText } from "./sign-in-problem.ts";

interface Search {
  [name: string]: string;
  problem: string;
  provider: string;
  wait: string;
  state: string;
}

/** Why one is at the sign-in page, where there is something to say: one thing at a time. */
export function SignInNotices(props: { readonly error: unknown }): JSX.Element {
  const [search] = useSearchParams<Search>();
  const providers = useProviders();
  const problem = (): string => {
    const all = providers.isPending ? [] : (providers.data?.items ?? []);
    const tried = all.find((it) => it.slug === search.provider);
    return tried ? t("signIn.problemWith", { name: tried.name }) : t("signIn.problem");
  };
  return (
    <Switch>
      <Match when={props.error !== null}>
        <ErrorNotice error={props.error} doing="signIn" urgent />
      </Match>
      <Match when={problemText(search.problem, search.wait)}>
        {(text) => <Notice tone="error" title={problem()} lines={[text()]} urgent />}
      </Match>
      <Match when={signInNotice() === "ended"}>
        <Notice tone="info" title={t("signIn.ended")} lines={[t("signIn.endedNext")]} urgent />
      </Match>
      <Match when={signInNotice() === "expired"}>
        <Notice tone="info" title={t("signIn.expired")} lines={[t("signIn.expiredNext")]} urgent />
      </Match>
      <Match when={signInNotice() === "signedOut"}>
        <SignedOut />
      </Match>
      <Match when={search.state === "signed_out"}>
        <Returned />
      </Match>
    </Switch>
  );
}

const SignedOut = (): JSX.Element => (
  <Notice tone="info" title={t("signIn.signedOut")} lines={[t("signIn.signedOutSafe")]} />
);

/** Back from a provider's sign-out. Anyone can make such an address: it is said where it is true. */
function Returned(): JSX.Element {
  const query = useMe();
  return (
    <Show when={query.isError && isSignedOut(query.error)}>
      <SignedOut />
    </Show>
  );
}
