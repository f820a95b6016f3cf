import { createSignal, Show, type JSX } from "solid-js";
import {
  closeEnvironment,
  type AdminEnvironment,
  type Entitlement,
} from "../../api/admin-calls.ts";
import { createNow } from "../../components/now.ts";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/dialog.tsx";
import { Table, type Column } from "../../kit/table.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/admin.ts";
import { EntitlementForm } from "./entitlement-form.tsx";
import { holdingOf, subjectWords, type Holding } from "./entitlement-words.ts";
import { FormDialog } from "./form-dialog.tsx";
import { toastRefusal } from "./toast-refusal.ts";
import { End, When } from "./when.tsx";
import styles from "./admin.module.css";

interface EntitlementsProps {
  readonly environment: AdminEnvironment;
  /** null: it has to be asked for again. */
  readonly onChanged: (environment: AdminEnvironment | null) => void;
}

/** To whom an environment is open. */
export function Entitlements(props: EntitlementsProps): JSX.Element {
  const [adding, setAdding] = createSignal(false);
  const [closing, setClosing] = createSignal<Entitlement | null>(null);
  const me = useSignedIn();
  const isAdmin = (): boolean => me().roles.includes("admin");
  const close = async (it: Entitlement): Promise<void> => {
    try {
      await closeEnvironment(props.environment.id, it.id);
      showToast({ tone: "info", title: t("entitlement.closed", { name: subjectWords(it) }) });
    } catch (error) {
      toastRefusal(error);
    }
    props.onChanged(null);
  };
  return (
    <section class={styles["section"]}>
      <div class={styles["bar"]}>
        <h2 class={styles["title"]}>{t("environments.openTo")}</h2>
        <Button onClick={() => setAdding(true)}>{t("entitlement.add")}</Button>
      </div>
      <Show
        when={props.environment.entitlements.length > 0}
        fallback={
          <p class={styles["muted"]}>
            {isAdmin() ? t("entitlement.none") : t("entitlement.noneOfYours")}
          </p>
        }
      >
        <EntitlementTable entitlements={props.environment.entitlements} onClose={setClosing} />
      </Show>
      <FormDialog
        open={adding()}
        onClose={() => setAdding(false)}
        title={t("entitlement.addTitle")}
      >
        {(form) => (
          <EntitlementForm
            {...form}
            environmentId={props.environment.id}
            onSaved={(it) => {
              form.onDone();
              props.onChanged(it);
              showToast({ tone: "info", title: t("entitlement.opened", { name: it.name }) });
            }}
          />
        )}
      </FormDialog>
      <Confirm
        open={closing() !== null}
        onOpenChange={(open) => !open && setClosing(null)}
        title={t("entitlement.closeTitle")}
        confirm={t("entitlement.close")}
        cancel={t("app.cancel")}
        danger
        onConfirm={() => {
          const it = closing();
          if (it !== null) void close(it);
        }}
      >
        <p>{closingWords(closing())}</p>
        <p>{t("entitlement.closeText")}</p>
      </Confirm>
    </section>
  );
}

const closingWords = (it: Entitlement | null): string => (it === null ? "" : subjectWords(it));

function EntitlementTable(props: {
  readonly entitlements: readonly Entitlement[];
  readonly onClose: (it: Entitlement) => void;
}): JSX.Element {
  const now = createNow(30_000);
  const isAdmin = useSignedIn()().roles.includes("admin");
  const columns = (): Column<Entitlement>[] => [
    {
      head: t("environments.openTo"),
      title: true,
      cell: (it) => <span class={styles["strong"]}>{subjectWords(it)}</span>,
    },
    { head: t("users.state"), cell: (it) => <HoldingWord holding={holdingOf(it, now())} /> },
    {
      head: t("entitlement.from"),
      cell: (it) => (it.from === null ? null : <When at={it.from} />),
    },
    { head: t("entitlement.until"), cell: (it) => <End at={it.until} /> },
    {
      head: t("users.actions"),
      actions: true,
      cell: (it) => (
        <Show when={isAdmin || it.kind !== "everyone"}>
          <Button
            size="small"
            variant="quiet"
            aria-label={t("entitlement.closeWhose", { name: subjectWords(it) })}
            onClick={() => props.onClose({ ...it })}
          >
            {t("entitlement.close")}
          </Button>
        </Show>
      ),
    },
  ];
  return <Table label={t("environments.openTo")} columns={columns()} rows={props.entitlements} />;
}

function HoldingWord(props: { readonly holding: Holding }): JSX.Element {
  return (
    <span class={props.holding === "holds" ? undefined : styles["muted"]}>
      {t(`entitlement.holding.${props.holding}`)}
    </span>
  );
}
