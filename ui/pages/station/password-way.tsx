import { useNavigate } from "@solidjs/router";
import { createSignal, onMount, Show, type JSX } from "solid-js";
import type { Environment } from "../../../gateway/schemas.ts";
import type { AtStation } from "../../../gateway/station-schemas.ts";
import { ApiError } from "../../api/errors.ts";
import { startOwn } from "../../api/stations.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { foldCase } from "../../components/fold-case.ts";
import { limit } from "../../components/limit.ts";
import { PasswordField } from "../../components/password-field.tsx";
import { Button } from "../../kit/button.tsx";
import { Field } from "../../kit/field.tsx";
import { Notice } from "../../kit/notice.tsx";
import { Select } from "../../kit/select.tsx";
import { t } from "../../messages/station.ts";
import { paths } from "../../paths.ts";
import signIn from "../sign-in.module.css";
import styles from "./station.module.css";

/** What is to be started, whichever way. */
export interface Wish {
  readonly offered: () => readonly Environment[];
  readonly environment: () => string;
  readonly experiment: () => string | undefined;
  readonly setEnvironment: (slug: string) => void;
  readonly setExperiment: (code: string) => void;
}

interface PasswordWayProps {
  readonly wish: Wish;
  readonly experiments: AtStation["experiments"];
  readonly onClose: () => void;
  readonly onPhone: () => void;
}

/** By a password, which counts for this one start; and the way to the other way. */
export function PasswordWay(props: PasswordWayProps): JSX.Element {
  const navigate = useNavigate();
  const [missing, setMissing] = createSignal<"username" | "password" | null>(null);
  const [busy, setBusy] = createSignal(false);
  const [error, setError] = createSignal<unknown>(null);
  let form: HTMLFormElement | undefined;
  const field = (name: string): HTMLInputElement | null =>
    form?.querySelector<HTMLInputElement>(`input[name=${name}]`) ?? null;
  const notYours = (): boolean => {
    const failure = error();
    return failure instanceof ApiError && failure.problem?.code === "unknown_experiment";
  };
  onMount(() => field("username")?.focus());

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy()) return;
    const username = field("username")?.value.trim().toLowerCase() ?? "";
    const password = field("password")?.value ?? "";
    setMissing(username === "" ? "username" : password === "" ? "password" : null);
    const lacks = missing();
    if (lacks !== null) return field(lacks)?.focus();
    setBusy(true);
    setError(null);
    try {
      const made = await startOwn({
        username,
        password,
        environment: props.wish.environment(),
        experiment: props.wish.experiment(),
      });
      props.onClose();
      navigate(paths.desktop(made));
    } catch (failure) {
      setError(() => failure);
      field("password")?.select();
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      ref={(it) => (form = it)}
      class={styles["form"]}
      autocomplete="off"
      onSubmit={(event) => void submit(event)}
      noValidate
    >
      <p class={styles["muted"]}>{t("station.ownOnce")}</p>
      <Show when={error() !== null}>
        <Show when={notYours()} fallback={<ErrorNotice error={error()} doing="signIn" urgent />}>
          <Notice
            tone="error"
            title={t("station.notYours", { code: props.wish.experiment() ?? "" })}
            lines={[t("station.notYoursNext")]}
            urgent
          />
        </Show>
      </Show>
      <Field
        label={t("signIn.username")}
        name="username"
        autocomplete="off"
        autocapitalize="none"
        autocorrect="off"
        spellcheck={false}
        required
        {...limit(200)}
        onInput={(event) => {
          if (!event.isComposing) foldCase(event.currentTarget);
        }}
        error={missing() === "username" ? t("signIn.needUsername") : null}
      />
      <PasswordField
        label={t("signIn.password")}
        name="password"
        // Not to be kept by a browser that everybody uses.
        autocomplete="new-password"
        required
        {...limit(1000)}
        hint={t("station.ownPassword")}
        error={missing() === "password" ? t("signIn.needPassword") : null}
      />
      <Choice
        label={t("station.environment")}
        value={props.wish.environment()}
        options={props.wish.offered().map((it) => ({ value: it.slug, text: it.name }))}
        onChange={props.wish.setEnvironment}
      />
      <Show when={props.experiments.length > 1}>
        <Choice
          label={t("card.experiment")}
          value={props.wish.experiment() ?? ""}
          options={props.experiments.map((it) => ({
            value: it.code,
            text: it.title === "" ? it.code : `${it.code} · ${it.title}`,
          }))}
          onChange={props.wish.setExperiment}
        />
      </Show>
      <div class={styles["actions"]}>
        <Button onClick={() => props.onClose()}>{t("app.cancel")}</Button>
        <Button type="submit" variant="primary">
          {busy() ? t("catalogue.starting") : t("station.ownStart")}
        </Button>
      </div>
      <div class={signIn["providers"]}>
        <p class={signIn["or"]}>{t("signIn.or")}</p>
        <Button size="large" onClick={() => props.onPhone()}>
          {t("station.phone")}
        </Button>
        <p class={styles["muted"]}>{t("station.phoneHint")}</p>
      </div>
    </form>
  );
}

function Choice(props: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  readonly onChange: (value: string) => void;
}): JSX.Element {
  return (
    <div class={styles["choice"]}>
      <span class={styles["label"]} aria-hidden="true">
        {props.label}
      </span>
      <Select
        label={props.label}
        value={props.value}
        options={props.options}
        onChange={(value) => props.onChange(value)}
      />
    </div>
  );
}
