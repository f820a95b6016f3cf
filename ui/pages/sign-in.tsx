import { useNavigate, useSearchParams } from "@solidjs/router";
import {
  createEffect,
  createSignal,
  Match,
  on,
  onCleanup,
  onMount,
  Switch,
  type JSX,
} from "solid-js";
import { ApiError } from "../api/errors.ts";
import { signIn } from "../api/session.ts";
import { foldCase } from "../components/fold-case.ts";
import { limit } from "../components/limit.ts";
import { Logo } from "../components/logo.tsx";
import { usePageTitle } from "../components/page-title.ts";
import { PasswordField } from "../components/password-field.tsx";
import { Button } from "../kit/button.tsx";
import { Field } from "../kit/field.tsx";
import { t } from "../messages/messages.ts";
import { safeNext } from "../paths.ts";
import { ProviderLinks } from "./provider-links.tsx";
import { SignInNotices } from "./sign-in-notices.tsx";
import styles from "./sign-in.module.css";

export function SignInPage(): JSX.Element {
  const navigate = useNavigate();
  const [search] = useSearchParams<{ next: string; problem: string; provider: string }>();
  const [username, setUsername] = createSignal("");
  const [password, setPassword] = createSignal("");
  const [capsLock, setCapsLock] = createSignal(false);
  const [busy, setBusy] = createSignal(false);
  const [tried, setTried] = createSignal(false);
  const [error, setError] = createSignal<unknown>(null);
  const wait = createCountdown();
  let form: HTMLFormElement | undefined;
  usePageTitle(() => t("signIn.title"));
  /** The provider with which it came to nothing. */
  const failed = (): string | undefined => (search.problem ? search.provider : undefined);
  // On a phone the keyboard would cover what is to be tried again.
  onMount(() => failed() === undefined && field("username")?.focus());

  const field = (name: string): HTMLInputElement | null =>
    form?.querySelector<HTMLInputElement>(`input[name=${name}]`) ?? null;

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy() || wait.seconds() > 0) return;
    // Password managers fill fields without the events that Solid listens to.
    setUsername(field("username")?.value.trim().toLowerCase() ?? "");
    setPassword(field("password")?.value ?? "");
    setTried(true);
    if (username() === "") return field("username")?.focus();
    if (password() === "") return field("password")?.focus();
    setBusy(true);
    setError(null);
    try {
      await signIn(username(), password());
      navigate(safeNext(search.next, window.location.origin), { replace: true });
    } catch (failure) {
      setError(() => failure);
      if (failure instanceof ApiError && failure.status === 429)
        wait.start(failure.retryAfterMs ?? 5_000);
      field("password")?.select();
    } finally {
      setBusy(false);
    }
  };
  createEffect(on([username, password], () => setTried(false), { defer: true }));

  return (
    <main class={styles["page"]}>
      <div class={styles["panel"]}>
        <div class={styles["head"]}>
          <Logo />
          <h1 class={styles["title"]}>{t("signIn.title")}</h1>
          <p class={styles["intro"]}>{t("signIn.intro")}</p>
        </div>
        <SignInNotices error={error()} />
        <form
          ref={(it) => (form = it)}
          class={styles["form"]}
          onSubmit={(event) => void submit(event)}
          noValidate
        >
          <Field
            label={t("signIn.username")}
            name="username"
            autocomplete="username"
            autocapitalize="none"
            autocorrect="off"
            spellcheck={false}
            required
            {...limit(200)}
            value={username()}
            onInput={(event) => {
              const field = event.currentTarget;
              setUsername(event.isComposing ? field.value : foldCase(field));
            }}
            error={tried() && username() === "" ? t("signIn.needUsername") : null}
          />
          <PasswordField
            label={t("signIn.password")}
            name="password"
            autocomplete="current-password"
            required
            {...limit(1000)}
            value={password()}
            onInput={(event) => setPassword(event.currentTarget.value)}
            onKeyDown={(event) => setCapsLock(event.getModifierState("CapsLock"))}
            error={tried() && password() === "" ? t("signIn.needPassword") : null}
            hint={capsLock() ? t("signIn.capsLock") : undefined}
          />
          <Button
            type="submit"
            variant="primary"
            size="large"
            disabledReason={wait.seconds() > 0 ? t("error.tooMany") : null}
          >
            <Switch fallback={t("signIn.submit")}>
              <Match when={busy()}>{t("signIn.busy")}</Match>
              <Match when={wait.seconds() > 0}>
                {t("signIn.wait", { seconds: wait.seconds() })}
              </Match>
            </Switch>
          </Button>
        </form>
        <ProviderLinks next={safeNext(search.next, window.location.origin)} again={failed()} />
      </div>
    </main>
  );
}

/** Whole seconds that are left, by the clock and not by the ticks, which a hidden tab loses. */
function createCountdown() {
  const [seconds, setSeconds] = createSignal(0);
  let timer: ReturnType<typeof setInterval> | undefined;
  const stop = (): void => clearInterval(timer);
  onCleanup(stop);
  const start = (ms: number): void => {
    const untilMs = performance.now() + ms;
    const tick = (): void => {
      setSeconds(Math.max(0, Math.ceil((untilMs - performance.now()) / 1000)));
      if (seconds() === 0) stop();
    };
    stop();
    timer = setInterval(tick, 250);
    tick();
  };
  return { seconds, start };
}
