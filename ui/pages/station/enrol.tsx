import { useNavigate } from "@solidjs/router";
import { createSignal, onMount, Show, type JSX } from "solid-js";
import { ApiError } from "../../api/errors.ts";
import { enrol } from "../../api/stations.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { limit } from "../../components/limit.ts";
import { Logo } from "../../components/logo.tsx";
import { usePageTitle } from "../../components/page-title.ts";
import { Button } from "../../kit/button.tsx";
import { Field } from "../../kit/field.tsx";
import { Notice } from "../../kit/notice.tsx";
import { t } from "../../messages/station.ts";
import { paths } from "../../paths.ts";
import styles from "../sign-in.module.css";

/** Where a shared computer becomes a station: by a code that staff were given. */
export function EnrolPage(): JSX.Element {
  const navigate = useNavigate();
  const [busy, setBusy] = createSignal(false);
  const [empty, setEmpty] = createSignal(false);
  const [error, setError] = createSignal<unknown>(null);
  let form: HTMLFormElement | undefined;
  const field = (): HTMLInputElement | null => form?.querySelector("input") ?? null;
  const wrong = (): boolean => {
    const failure = error();
    return failure instanceof ApiError && failure.problem?.code === "wrong_code";
  };
  usePageTitle(() => t("enrol.title"));
  onMount(() => field()?.focus());

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy()) return;
    const code = field()?.value.trim() ?? "";
    setEmpty(code === "");
    if (code === "") return field()?.focus();
    setBusy(true);
    setError(null);
    try {
      await enrol(code);
      navigate(paths.desktops(), { replace: true });
    } catch (failure) {
      setError(() => failure);
      field()?.select();
    } finally {
      setBusy(false);
    }
  };

  return (
    <main class={styles["page"]}>
      <div class={styles["panel"]}>
        <div class={styles["head"]}>
          <Logo />
          <h1 class={styles["title"]}>{t("enrol.title")}</h1>
          <p class={styles["intro"]}>{t("enrol.intro")}</p>
        </div>
        <Show when={error() !== null}>
          <Show when={wrong()} fallback={<ErrorNotice error={error()} doing="signIn" urgent />}>
            <Notice tone="error" title={t("enrol.wrong")} lines={[t("enrol.wrongNext")]} urgent />
          </Show>
        </Show>
        <form
          ref={(it) => (form = it)}
          class={styles["form"]}
          onSubmit={(event) => void submit(event)}
          noValidate
        >
          <Field
            label={t("enrol.code")}
            name="code"
            autocomplete="off"
            autocapitalize="characters"
            autocorrect="off"
            spellcheck={false}
            required
            {...limit(100)}
            hint={t("enrol.hint")}
            onInput={() => setEmpty(false)}
            error={empty() ? t("enrol.needCode") : null}
          />
          <Button type="submit" variant="primary" size="large">
            {busy() ? t("enrol.busy") : t("enrol.submit")}
          </Button>
        </form>
      </div>
    </main>
  );
}
