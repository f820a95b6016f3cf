import { createSignal, createUniqueId, For, Show, type JSX } from "solid-js";
import type { NewToken, Scope } from "../../../gateway/schemas.ts";
import { createToken } from "../../api/calls.ts";
import { serverNowMs } from "../../api/clock.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { limit } from "../../components/limit.ts";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { formatDay } from "../../components/time.ts";
import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { Field } from "../../kit/field.tsx";
import { Select } from "../../kit/select.tsx";
import { locale, t } from "../../messages/messages.ts";
import { endOf, lifetimes, scopesFor, usualLifetime } from "./scopes.ts";
import { tokenFaults, type TokenFaults } from "./token-faults.ts";
import { TokenShown } from "./token-shown.tsx";
import styles from "./account.module.css";

interface NewTokenProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly onMade: () => void;
}

/** Asks what a token is for, and shows it the one time that it can be seen. */
export function NewTokenDialog(props: NewTokenProps): JSX.Element {
  // Nowhere but here: not in the cache of queries, which outlives the dialog.
  const [made, setMade] = createSignal<NewToken | null>(null);
  const change = (open: boolean): void => {
    if (!open) setMade(null);
    props.onOpenChange(open);
  };
  const take = (token: NewToken): void => {
    // Who closed the dialog meanwhile finds it in the list, to revoke.
    if (props.open) setMade(token);
    props.onMade();
  };
  const title = (): string => {
    const name = made()?.name;
    return name === undefined ? t("tokens.new") : t("tokens.shownTitle", { name });
  };
  return (
    <Dialog open={props.open} onOpenChange={change} title={title()} stays={made() !== null}>
      <Show when={made()} fallback={<NewTokenForm onCancel={() => change(false)} onMade={take} />}>
        {(token) => <TokenShown token={token()} onDone={() => change(false)} />}
      </Show>
    </Dialog>
  );
}

function NewTokenForm(props: {
  readonly onCancel: () => void;
  readonly onMade: (token: NewToken) => void;
}): JSX.Element {
  const [error, setError] = createSignal<unknown>(null);
  const [busy, setBusy] = createSignal(false);
  const [days, setDays] = createSignal<number>(usualLifetime);
  const faults = (): TokenFaults => tokenFaults(error());
  const placed = (): boolean => Object.keys(faults()).length > 0;
  let form: HTMLFormElement | undefined;

  const submit = async (event: SubmitEvent & { currentTarget: HTMLFormElement }): Promise<void> => {
    event.preventDefault();
    if (busy()) return;
    const entries = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      const name = String(entries.get("name") ?? "").trim();
      const scopes = entries.getAll("scopes") as Scope[];
      const expiresAt = new Date(endOf(days(), serverNowMs())).toISOString();
      props.onMade(await createToken({ name, scopes, expiresAt }));
    } catch (failure) {
      setError(() => failure);
      const where = "[aria-invalid=true], [data-fault] input, [role=alert]";
      const first = form?.querySelector<HTMLElement>(where);
      first?.scrollIntoView({ block: "nearest" });
      first?.focus();
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      ref={(it) => (form = it)}
      class={styles["form"]}
      onSubmit={(event) => void submit(event)}
      noValidate
      autocomplete="off"
    >
      <Show when={!placed() && error()}>
        {(failure) => <ErrorNotice error={failure()} doing="administer" urgent />}
      </Show>
      <Field
        label={t("tokens.name")}
        name="name"
        {...limit(100)}
        hint={faults().name === undefined ? t("tokens.nameHint") : undefined}
        error={faults().name}
        autocomplete="off"
        required
      />
      <Scopes fault={faults().scopes} />
      <Lifetime days={days()} onChange={setDays} fault={faults().expiresAt} />
      <div class={styles["actions"]}>
        <Button onClick={() => props.onCancel()}>{t("app.cancel")}</Button>
        <Button type="submit" variant="primary" aria-busy={busy()}>
          {t("tokens.create")}
        </Button>
      </div>
    </form>
  );
}

function Scopes(props: { readonly fault: string | undefined }): JSX.Element {
  const me = useSignedIn();
  const id = createUniqueId();
  const offered = (): Scope[] => scopesFor(me().roles);
  return (
    <fieldset
      class={styles["scopes"]}
      aria-describedby={props.fault === undefined ? undefined : id}
      data-fault={props.fault === undefined ? undefined : ""}
    >
      <legend>{t("tokens.scopes")}</legend>
      <For each={offered()}>
        {(scope) => (
          <label class={styles["scope"]}>
            <input
              type="checkbox"
              name="scopes"
              value={scope}
              // Where there is no choice there is nothing to ask.
              checked={offered().length === 1}
            />
            <span>
              {t(`scope.${scope}`)}
              <span class={styles["muted"]}>{t(`scope.${scope}.text`)}</span>
            </span>
          </label>
        )}
      </For>
      <Show when={props.fault}>
        {(text) => (
          <p id={id} class={styles["fault"]}>
            {text()}
          </p>
        )}
      </Show>
    </fieldset>
  );
}

function Lifetime(props: {
  readonly days: number;
  readonly onChange: (days: number) => void;
  readonly fault: string | undefined;
}): JSX.Element {
  const options = () =>
    lifetimes.map((count) => ({ value: String(count), text: t("tokens.days", { count }) }));
  return (
    <div class={styles["lifetime"]}>
      <label class={styles["choice"]}>
        {t("tokens.validFor")}
        <Select
          label={t("tokens.validFor")}
          value={String(props.days)}
          options={options()}
          onChange={(value) => props.onChange(Number(value))}
        />
      </label>
      <p class={props.fault === undefined ? styles["hint"] : styles["fault"]}>
        {props.fault ??
          t("tokens.until", { day: formatDay(endOf(props.days, serverNowMs()), locale()) })}
      </p>
    </div>
  );
}
