import { createMemo, createSignal, createUniqueId, Show, type JSX } from "solid-js";
import type { RuleWarning } from "../../../../gateway/preview-schemas.ts";
import { ApiError } from "../../../api/errors.ts";
import { ErrorNotice } from "../../../components/error-notice.tsx";
import { limit } from "../../../components/limit.ts";
import { Button } from "../../../kit/button.tsx";
import { Dialog } from "../../../kit/dialog.tsx";
import { Field } from "../../../kit/field.tsx";
import { Notice } from "../../../kit/notice.tsx";
import { t } from "../../../messages/rules.ts";
import { sentence } from "../../../components/reason.ts";
import { refusalOf } from "../refusals.ts";
import admin from "../admin.module.css";

interface ReasonDialogProps {
  readonly open: boolean;
  readonly title: string;
  readonly submit: string;
  readonly danger?: boolean | undefined;
  readonly onClose: () => void;
  /** Throws what the server refuses; that is shown. `confirm`: it is meant though it locks people out. */
  readonly onSubmit: (reason: string, confirm: boolean) => Promise<void>;
  /** What to say of an error in place of its own words; null: nothing else. */
  readonly explain?: ((error: unknown) => JSX.Element | null) | undefined;
  readonly children?: JSX.Element;
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof ApiError ? error.problem?.code : undefined;

/** Asks why before something is changed that others live with, and once more where it would lock people out. */
export function ReasonDialog(props: ReasonDialogProps): JSX.Element {
  return (
    <Dialog open={props.open} onOpenChange={(open) => !open && props.onClose()} title={props.title}>
      <ReasonForm {...props} />
    </Dialog>
  );
}

function ReasonForm(props: ReasonDialogProps): JSX.Element {
  const id = createUniqueId();
  const [missing, setMissing] = createSignal(false);
  const [busy, setBusy] = createSignal(false);
  const [error, setError] = createSignal<unknown>(null);
  let form: HTMLFormElement | undefined;
  const locksOut = (): boolean => codeOf(error()) === "locks_out";
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const field = form?.querySelector("input");
    const reason = field?.value.trim() ?? "";
    setMissing(reason === "");
    if (reason === "" || busy()) return field?.focus();
    const confirm = locksOut();
    setBusy(true);
    setError(null);
    try {
      await props.onSubmit(reason, confirm);
    } catch (failure) {
      setError(() => failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      ref={(it) => (form = it)}
      id={id}
      class={admin["form"]}
      onSubmit={(event) => void submit(event)}
      noValidate
      autocomplete="off"
    >
      {props.children}
      <Show when={error() !== null}>
        <Refused {...props} error={error()} />
      </Show>
      <Field
        label={t("rules.reason")}
        name="reason"
        hint={t("rules.reasonHint")}
        error={missing() ? t("rules.reasonMissing") : undefined}
        {...limit(500)}
        onInput={() => setMissing(false)}
        autocomplete="off"
        required
      />
      <div class={`${admin["actions"]} ${admin["stay"]}`}>
        <Button onClick={() => props.onClose()}>{t("app.cancel")}</Button>
        <Button
          type="submit"
          variant={props.danger === true || locksOut() ? "danger" : "primary"}
          aria-busy={busy()}
        >
          {locksOut() ? t("rules.allTheSame") : props.submit}
        </Button>
      </div>
    </form>
  );
}

function Refused(props: ReasonDialogProps & { readonly error: unknown }): JSX.Element {
  const own = createMemo((): JSX.Element | null => props.explain?.(props.error) ?? null);
  /** What it would lock out, by the rules that do. */
  const whom = (): string[] => {
    const problem = props.error instanceof ApiError ? props.error.problem : null;
    const { warnings = [] } = (problem ?? {}) as { readonly warnings?: readonly RuleWarning[] };
    const texts = warnings.map((it) => `${t(`rules.warning.${it.code}`)}. ${sentence(it.text)}`);
    return texts.length > 0 ? texts : [sentence(problem?.detail ?? "")];
  };
  return (
    <Show
      when={codeOf(props.error) === "locks_out"}
      fallback={
        <Show when={own() === null} fallback={own()}>
          <Show
            when={refusalOf(props.error)}
            fallback={<ErrorNotice error={props.error} doing="administer" urgent />}
          >
            {(it) => <Notice tone="error" title={it().what} lines={[it().next]} urgent />}
          </Show>
        </Show>
      }
    >
      <Notice
        tone="attention"
        title={t("rules.locksOut")}
        lines={[...whom(), t("rules.locksOutNext")]}
        urgent
      />
    </Show>
  );
}
