import { createSignal, Show, type JSX } from "solid-js";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Button } from "../../kit/button.tsx";
import { Notice } from "../../kit/notice.tsx";
import { t } from "../../messages/admin.ts";
import type { Faults } from "./faults.ts";
import { refusalOf } from "./refusals.ts";
import styles from "./admin.module.css";

interface AdminFormProps<F extends string> {
  readonly submit: string;
  readonly onCancel: () => void;
  /** Something was typed or chosen. */
  readonly onTouched?: (() => void) | undefined;
  readonly faultsOf: (error: unknown) => Faults<F>;
  /** Throws what the server refuses; that is shown. */
  readonly onSubmit: (form: FormData) => Promise<void>;
  readonly children: (faults: () => Faults<F>) => JSX.Element;
}

/** A form with every fault at its place, and what is of no field above. */
export function AdminForm<F extends string>(props: AdminFormProps<F>): JSX.Element {
  const [error, setError] = createSignal<unknown>(null);
  const [busy, setBusy] = createSignal(false);
  const faults = (): Faults<F> => props.faultsOf(error());
  const placed = (): boolean => Object.keys(faults()).length > 0;
  let form: HTMLFormElement | undefined;

  const submit = async (event: SubmitEvent & { currentTarget: HTMLFormElement }): Promise<void> => {
    event.preventDefault();
    if (busy()) return;
    const entries = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      await props.onSubmit(entries);
    } catch (failure) {
      setError(() => failure);
      form?.querySelector<HTMLElement>("[aria-invalid=true], [data-fault] input")?.focus();
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      ref={(it) => (form = it)}
      class={styles["form"]}
      onSubmit={(event) => void submit(event)}
      onInput={() => props.onTouched?.()}
      noValidate
      autocomplete="off"
    >
      <Show when={!placed() && error()}>{(failure) => <Refused error={failure()} />}</Show>
      {props.children(faults)}
      <div class={`${styles["actions"]} ${styles["stay"]}`}>
        <Button onClick={() => props.onCancel()}>{t("app.cancel")}</Button>
        <Button type="submit" variant="primary" aria-busy={busy()}>
          {props.submit}
        </Button>
      </div>
    </form>
  );
}

function Refused(props: { readonly error: unknown }): JSX.Element {
  return (
    <Show
      when={refusalOf(props.error)}
      fallback={<ErrorNotice error={props.error} doing="administer" urgent />}
    >
      {(it) => <Notice tone="error" title={it().what} lines={[it().next]} urgent />}
    </Show>
  );
}
