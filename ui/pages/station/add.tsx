import { A, type RouteSectionProps } from "@solidjs/router";
import { createSignal, Match, onCleanup, onMount, Switch, type JSX } from "solid-js";
import type { Approval } from "../../../gateway/station-schemas.ts";
import { lookAtApproval } from "../../api/approvals.ts";
import { ApiError } from "../../api/errors.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { limit } from "../../components/limit.ts";
import { Loading } from "../../components/loading.tsx";
import { Logo } from "../../components/logo.tsx";
import { usePageTitle } from "../../components/page-title.ts";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { PeopleOnly, SignedIn } from "../../components/signed-in.tsx";
import { Button, buttonClass } from "../../kit/button.tsx";
import { Field } from "../../kit/field.tsx";
import { Notice } from "../../kit/notice.tsx";
import { t } from "../../messages/station.ts";
import { paths } from "../../paths.ts";
import { Agree } from "./agree.tsx";
import { keepCode, takeCode } from "./kept-code.ts";
import styles from "../sign-in.module.css";

/** Where somebody answers, on their phone, what a station has asked. */
export function AddPage(props: RouteSectionProps): JSX.Element {
  // Before anybody is led to sign in: the address then is another.
  takeCode();
  return (
    <SignedIn {...props}>
      <PeopleOnly {...props}>
        <Add />
      </PeopleOnly>
    </SignedIn>
  );
}

/** What came of it, with what it was about. */
type Answer = { readonly kind: "confirmed" | "declined"; readonly approval: Approval };

const isWrongCode = (error: unknown): boolean =>
  error instanceof ApiError && error.problem?.code === "wrong_code";

function Add(): JSX.Element {
  const me = useSignedIn();
  const [code, setCode] = createSignal(takeCode());
  const [approval, setApproval] = createSignal<Approval | null>(null);
  const [answer, setAnswer] = createSignal<Answer | null>(null);
  const [error, setError] = createSignal<unknown>(null);
  usePageTitle(() => t("add.title"));

  const look = async (typed: string): Promise<void> => {
    setCode(typed);
    setApproval(null);
    setAnswer(null);
    setError(null);
    try {
      const found = await lookAtApproval(typed);
      if (found.started === null) setApproval(found);
      else settle({ kind: "confirmed", approval: found });
    } catch (failure) {
      fail(failure);
    }
  };
  const fail = (failure: unknown): void => {
    if (isWrongCode(failure)) forget();
    setError(() => failure);
  };
  const forget = (): void => {
    keepCode(null);
    setCode(null);
    setApproval(null);
  };
  const settle = (it: Answer): void => {
    forget();
    setAnswer(it);
  };
  const scanned = (): void => {
    const next = takeCode();
    if (next !== null) void look(next);
  };
  onMount(() => {
    scanned();
    window.addEventListener("hashchange", scanned);
  });
  onCleanup(() => window.removeEventListener("hashchange", scanned));

  return (
    <main class={styles["page"]}>
      <div class={styles["panel"]}>
        <div class={styles["head"]}>
          <Logo />
          <h1 class={styles["title"]}>
            {approval() === null
              ? t("add.title")
              : t("add.question", { station: approval()?.station.name ?? "" })}
          </h1>
          <p class={styles["intro"]}>{t("add.who", { name: me().displayName })}</p>
        </div>
        <Switch fallback={<Loading />}>
          <Match when={answer()}>
            {(it) => <Answered answer={it()} onAnother={() => setAnswer(null)} />}
          </Match>
          <Match when={approval()}>
            {(it) => (
              <Agree
                approval={it()}
                code={code() ?? ""}
                onAnswered={(kind) => settle({ kind, approval: it() })}
                onWrong={fail}
              />
            )}
          </Match>
          <Match when={code() !== null && error() !== null}>
            <ErrorNotice
              error={error()}
              doing="look"
              retry={() => void look(code() ?? "")}
              urgent
            />
            <Button onClick={forget}>{t("add.another")}</Button>
          </Match>
          <Match when={code() === null}>
            <ByHand wrong={error() !== null} onCode={(typed) => void look(typed)} />
          </Match>
        </Switch>
      </div>
    </main>
  );
}

function Answered(props: { readonly answer: Answer; readonly onAnother: () => void }): JSX.Element {
  const confirmed = (): boolean => props.answer.kind === "confirmed";
  return (
    <>
      <Notice
        tone="info"
        title={
          confirmed()
            ? t("add.confirmed", { station: props.answer.approval.station.name })
            : t("add.declined")
        }
        lines={[confirmed() ? t("add.confirmedNext") : t("add.declinedNext")]}
        urgent
      />
      <div class={styles["form"]}>
        <A class={buttonClass({ variant: "primary", size: "large" })} href={paths.desktops()}>
          {t("add.toDesktops")}
        </A>
        <Button onClick={() => props.onAnother()}>{t("add.another")}</Button>
      </div>
    </>
  );
}

function ByHand(props: {
  readonly wrong: boolean;
  readonly onCode: (typed: string) => void;
}): JSX.Element {
  const [empty, setEmpty] = createSignal(false);
  let form: HTMLFormElement | undefined;
  const field = (): HTMLInputElement | null => form?.querySelector("input") ?? null;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const typed = field()?.value.trim() ?? "";
    setEmpty(typed === "");
    if (typed === "") return field()?.focus();
    keepCode(typed);
    props.onCode(typed);
  };
  return (
    <>
      <Switch fallback={<p>{t("add.intro")}</p>}>
        <Match when={props.wrong}>
          <Notice tone="error" title={t("add.wrong")} lines={[t("add.wrongNext")]} urgent />
        </Match>
      </Switch>
      <form ref={(it) => (form = it)} class={styles["form"]} onSubmit={submit} noValidate>
        <Field
          label={t("add.code")}
          name="code"
          autocomplete="off"
          autocapitalize="characters"
          autocorrect="off"
          spellcheck={false}
          required
          {...limit(100)}
          onInput={() => setEmpty(false)}
          error={empty() ? t("add.needCode") : null}
        />
        <Button type="submit" variant="primary" size="large">
          {t("add.submit")}
        </Button>
      </form>
    </>
  );
}
