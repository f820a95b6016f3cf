import { createSignal, Show, type JSX } from "solid-js";
import type { StationCode } from "../../../gateway/station-schemas.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { limit } from "../../components/limit.ts";
import { createNow } from "../../components/now.ts";
import { formatClock } from "../../components/time.ts";
import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { Field } from "../../kit/field.tsx";
import { t } from "../../messages/admin.ts";
import { locale } from "../../messages/messages.ts";
import { paths } from "../../paths.ts";
import styles from "./stations.module.css";

interface AddStationProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly add: (name: string) => Promise<StationCode>;
  readonly onAdded: (code: StationCode) => void;
}

export function AddStation(props: AddStationProps): JSX.Element {
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={t("stations.addTitle")}>
      <AddForm {...props} />
    </Dialog>
  );
}

function AddForm(props: AddStationProps): JSX.Element {
  const [empty, setEmpty] = createSignal(false);
  const [busy, setBusy] = createSignal(false);
  const [error, setError] = createSignal<unknown>(null);
  let form: HTMLFormElement | undefined;
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (busy()) return;
    const field = form?.querySelector("input");
    const name = field?.value.trim() ?? "";
    setEmpty(name === "");
    if (name === "") return field?.focus();
    setBusy(true);
    setError(null);
    try {
      const code = await props.add(name);
      props.onOpenChange(false);
      props.onAdded(code);
    } catch (failure) {
      setError(() => failure);
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
    >
      <Show when={error() !== null}>
        <ErrorNotice error={error()} doing="administer" urgent />
      </Show>
      <Field
        label={t("stations.name")}
        name="name"
        hint={t("stations.nameHint")}
        autocomplete="off"
        required
        {...limit(60)}
        onInput={() => setEmpty(false)}
        error={empty() ? t("stations.needName") : null}
      />
      <div class={styles["buttons"]}>
        <Button onClick={() => props.onOpenChange(false)}>{t("app.cancel")}</Button>
        <Button type="submit" variant="primary">
          {t("stations.add")}
        </Button>
      </div>
    </form>
  );
}

/** A code, this once, and where it goes. */
export function CodeShown(props: {
  readonly code: StationCode | null;
  readonly onDone: () => void;
}): JSX.Element {
  const now = createNow(10_000);
  return (
    <Dialog
      open={props.code !== null}
      onOpenChange={(open) => !open && props.onDone()}
      title={t("stations.codeTitle", { name: props.code?.name ?? "" })}
      stays
    >
      <Show when={props.code}>
        {(it) => (
          <div class={styles["form"]}>
            <p>{t("stations.codeWhere")}</p>
            <code class={styles["address"]}>{window.location.origin + paths.station()}</code>
            <p>{t("stations.codeThen")}</p>
            <code class={styles["code"]}>{it().code}</code>
            <p class={styles["text"]}>
              {t("stations.codeOnce", {
                time: formatClock(Date.parse(it().expiresAt), now(), locale(), false),
              })}
            </p>
            <div class={styles["buttons"]}>
              <Button variant="primary" onClick={() => props.onDone()}>
                {t("tokens.done")}
              </Button>
            </div>
          </div>
        )}
      </Show>
    </Dialog>
  );
}
