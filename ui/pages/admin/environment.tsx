import { useParams } from "@solidjs/router";
import { createSignal, For, Show, type JSX } from "solid-js";
import { getEnvironment, patchEnvironment, type AdminEnvironment } from "../../api/admin-calls.ts";
import { queryClient } from "../../api/query-client.ts";
import { useQuery } from "../../api/use-query.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/dialog.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/admin.ts";
import { paths } from "../../paths.ts";
import { Entitlements } from "./entitlements.tsx";
import { EnabledWord } from "./environments.tsx";
import { EnvironmentForm } from "./environment-form.tsx";
import { Fact } from "./fact.tsx";
import { FormDialog } from "./form-dialog.tsx";
import { MayStartCheck } from "./may-start-check.tsx";
import { OnePage } from "./one-page.tsx";
import { toastRefusal } from "./toast-refusal.ts";
import { When } from "./when.tsx";
import styles from "./admin.module.css";

/** One environment: how it is shown, to whom it is open, and who may start it. */
export function EnvironmentPage(): JSX.Element {
  const { id = "" } = useParams<{ id: string }>();
  const key = ["admin-environment", id];
  const query = useQuery(() => ({
    queryKey: key,
    queryFn: ({ signal }) => getEnvironment(id, signal),
    refetchInterval: 15_000,
  }));
  const changed = (it: AdminEnvironment | null): void => {
    if (it === null) void queryClient.invalidateQueries({ queryKey: key });
    else queryClient.setQueryData(key, it);
    void queryClient.invalidateQueries({ queryKey: ["admin-environments"] });
  };
  usePageTitle(() => query.data?.name ?? t("nav.environments"));
  return (
    <OnePage query={query} back={paths.adminEnvironments()} backText={t("environments.back")}>
      {(environment) => (
        <>
          <Head environment={environment()} onChanged={changed} />
          <Facts environment={environment()} />
          <Entitlements environment={environment()} onChanged={changed} />
          <section class={styles["section"]}>
            <h2>{t("mayStart.title")}</h2>
            <MayStartCheck
              environment={environment().slug}
              fixed
              user=""
              experiment=""
              onAsked={() => {}}
            />
          </section>
        </>
      )}
    </OnePage>
  );
}

interface HeadProps {
  readonly environment: AdminEnvironment;
  readonly onChanged: (environment: AdminEnvironment) => void;
}

function Head(props: HeadProps): JSX.Element {
  const [editing, setEditing] = createSignal<AdminEnvironment | null>(null);
  const [disabling, setDisabling] = createSignal(false);
  const me = useSignedIn();
  const name = (): string => props.environment.name;
  const setEnabled = async (enabled: boolean): Promise<void> => {
    try {
      props.onChanged(await patchEnvironment(props.environment.id, { enabled }));
      const state = enabled ? t("environments.enabled") : t("environments.disabled");
      showToast({ tone: "info", title: t("users.changed", { name: name(), state }) });
    } catch (error) {
      toastRefusal(error);
    }
  };
  return (
    <>
      <div class={styles["bar"]}>
        <h1 class={styles["title"]}>{name()}</h1>
        <Show when={me().roles.includes("admin")}>
          <Button
            onClick={() => (props.environment.enabled ? setDisabling(true) : void setEnabled(true))}
          >
            {props.environment.enabled ? t("environments.disable") : t("environments.enable")}
          </Button>
          <Button variant="primary" onClick={() => setEditing(structuredClone(props.environment))}>
            {t("users.edit")}
          </Button>
        </Show>
      </div>
      <FormDialog
        open={editing() !== null}
        onClose={() => setEditing(null)}
        title={t("users.editTitle", { name: name() })}
      >
        {(form) => (
          <Show when={editing()} keyed>
            {(environment) => (
              <EnvironmentForm
                {...form}
                environment={environment}
                onSaved={(it) => {
                  form.onDone();
                  props.onChanged(it);
                  showToast({ tone: "info", title: t("users.saved", { name: it.name }) });
                }}
              />
            )}
          </Show>
        )}
      </FormDialog>
      <Confirm
        open={disabling()}
        onOpenChange={setDisabling}
        title={t("environments.disableTitle", { name: name() })}
        confirm={t("environments.disable")}
        cancel={t("app.cancel")}
        danger
        onConfirm={() => void setEnabled(false)}
      >
        <p>{t("environments.disableText")}</p>
      </Confirm>
    </>
  );
}

function Facts(props: { readonly environment: AdminEnvironment }): JSX.Element {
  return (
    <dl class={styles["facts"]}>
      <Fact name={t("environments.slug")}>
        <code>{props.environment.slug}</code>
      </Fact>
      <Fact name={t("environments.kind")}>{t(`environments.kind.${props.environment.kind}`)}</Fact>
      <Fact name={t("users.state")}>
        <EnabledWord enabled={props.environment.enabled} />
      </Fact>
      <Fact name={t("environments.description")}>
        {props.environment.description || t("admin.nothing")}
      </Fact>
      <Fact name={t("environments.versions")}>
        <Show when={props.environment.versions.length > 0} fallback={t("admin.nothing")}>
          <ul class={styles["plain"]}>
            <For each={props.environment.versions}>
              {(it) => (
                <li>
                  <code>{it.tag}</code>{" "}
                  <span class={styles["muted"]}>
                    <When at={it.createdAt} />
                  </span>
                </li>
              )}
            </For>
          </ul>
        </Show>
      </Fact>
    </dl>
  );
}
