import { A, useNavigate, useParams } from "@solidjs/router";
import { createSignal, Show, type JSX } from "solid-js";
import { deleteExperiment, getExperiment, type Experiment } from "../../api/admin-calls.ts";
import { queryClient } from "../../api/query-client.ts";
import { useQuery } from "../../api/use-query.ts";
import { createNow } from "../../components/now.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { Button, buttonClass } from "../../kit/button.tsx";
import { Confirm } from "../../kit/dialog.tsx";
import { Table } from "../../kit/table.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/admin.ts";
import { paths } from "../../paths.ts";
import { ExperimentForm } from "./experiment-form.tsx";
import { phaseOf } from "./experiment-entries.ts";
import { Fact } from "./fact.tsx";
import { FormDialog } from "./form-dialog.tsx";
import { OnePage } from "./one-page.tsx";
import { PhaseWord } from "./phase.tsx";
import { toastRefusal } from "./toast-refusal.ts";
import { End, When } from "./when.tsx";
import styles from "./admin.module.css";

/** One experiment: its facts and its members. */
export function ExperimentPage(): JSX.Element {
  const { id = "" } = useParams<{ id: string }>();
  const key = ["admin-experiment", id];
  const query = useQuery(() => ({
    queryKey: key,
    queryFn: ({ signal }) => getExperiment(id, signal),
    refetchInterval: 15_000,
  }));
  usePageTitle(() => query.data?.code ?? t("nav.experiments"));
  return (
    <OnePage query={query} back={paths.adminExperiments()} backText={t("experiments.back")}>
      {(experiment) => (
        <>
          <Head
            experiment={experiment()}
            onChanged={(it) => {
              queryClient.setQueryData(key, it);
              void queryClient.invalidateQueries({ queryKey: ["admin-experiments"] });
            }}
          />
          <Facts experiment={experiment()} />
          <Members experiment={experiment()} />
        </>
      )}
    </OnePage>
  );
}

function Head(props: {
  readonly experiment: Experiment;
  readonly onChanged: (experiment: Experiment) => void;
}): JSX.Element {
  const navigate = useNavigate();
  const me = useSignedIn();
  const [editing, setEditing] = createSignal<Experiment | null>(null);
  const [deleting, setDeleting] = createSignal(false);
  const code = (): string => props.experiment.code;
  const remove = async (): Promise<void> => {
    const { id } = props.experiment;
    try {
      await deleteExperiment(id);
      showToast({ tone: "info", title: t("admin.deleted", { name: code() }) });
      void queryClient.invalidateQueries({ queryKey: ["admin-experiments"] });
      navigate(paths.adminExperiments());
    } catch (error) {
      toastRefusal(error);
    }
  };
  /** What says where data lies is removed by administrators alone. */
  const notYours = (): string | null => {
    const { dataPath, dataAccess } = props.experiment;
    const plain = dataPath === null && dataAccess === "write";
    return plain || me().roles.includes("admin") ? null : t("experiments.dataOfAdmins");
  };
  return (
    <>
      <div class={styles["bar"]}>
        <h1 class={styles["title"]}>{t("experiments.one", { code: code() })}</h1>
        <A class={buttonClass({})} href={paths.adminMayStart({ experiment: code() })}>
          {t("mayStart.check")}
        </A>
        <Button disabledReason={notYours()} onClick={() => setDeleting(true)}>
          {t("admin.delete")}
        </Button>
        <Button variant="primary" onClick={() => setEditing(structuredClone(props.experiment))}>
          {t("users.edit")}
        </Button>
      </div>
      <FormDialog
        open={editing() !== null}
        onClose={() => setEditing(null)}
        title={t("experiments.editTitle", { code: code() })}
        wide
      >
        {(form) => (
          <ExperimentForm
            {...form}
            experiment={editing()}
            beamlines={[]}
            beamline=""
            onSaved={(it) => {
              form.onDone();
              props.onChanged(it);
              showToast({ tone: "info", title: t("users.saved", { name: it.code }) });
            }}
          />
        )}
      </FormDialog>
      <Confirm
        open={deleting()}
        onOpenChange={setDeleting}
        title={t("experiments.deleteTitle", { code: code() })}
        confirm={t("admin.delete")}
        cancel={t("app.cancel")}
        danger
        onConfirm={() => void remove()}
      >
        <p>{t("experiments.deleteText", { count: props.experiment.memberCount })}</p>
      </Confirm>
    </>
  );
}

function Facts(props: { readonly experiment: Experiment }): JSX.Element {
  const now = createNow(30_000);
  return (
    <dl class={styles["facts"]}>
      <Fact name={t("experiments.titleField")}>{props.experiment.title || t("admin.nothing")}</Fact>
      <Fact name={t("experiments.beamline")}>
        <A
          class={styles["link"]}
          href={paths.adminExperiments({ beamline: props.experiment.beamline.code })}
        >
          {props.experiment.beamline.code}
        </A>
        {` · ${props.experiment.beamline.name}`}
      </Fact>
      <Fact name={t("experiments.startsAt")}>
        <When at={props.experiment.startsAt} />
      </Fact>
      <Fact name={t("experiments.endsAt")}>
        <When at={props.experiment.endsAt} />
      </Fact>
      <Fact name={t("users.state")}>
        <PhaseWord phase={phaseOf(props.experiment, now())} />
      </Fact>
      <Fact name={t("experiments.dataPath")}>
        {props.experiment.dataPath ?? t("experiments.dataPathUsual")}
      </Fact>
      <Fact name={t("experiments.dataAccess")}>
        {t(`experiments.dataAccess.${props.experiment.dataAccess}`)}
      </Fact>
    </dl>
  );
}

function Members(props: { readonly experiment: Experiment }): JSX.Element {
  const columns = () => [
    {
      head: t("users.username"),
      title: true,
      cell: (it: Member) => <code class={styles["strong"]}>{it.username}</code>,
    },
    { head: t("users.displayName"), cell: (it: Member) => it.displayName },
    {
      head: t("experiments.memberUntil"),
      cell: (it: Member) => <End at={it.until} />,
    },
  ];
  return (
    <section class={styles["section"]}>
      <h2>{t("experiments.members")}</h2>
      <Show
        when={props.experiment.members.length > 0}
        fallback={<p class={styles["muted"]}>{t("experiments.noMembers")}</p>}
      >
        <Table
          label={t("experiments.members")}
          columns={columns()}
          rows={props.experiment.members}
        />
      </Show>
    </section>
  );
}

type Member = Experiment["members"][number];
