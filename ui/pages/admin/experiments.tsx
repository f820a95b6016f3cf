import { A, useNavigate } from "@solidjs/router";
import { createSignal, type JSX } from "solid-js";
import { listExperiments, type ListedExperiment } from "../../api/admin-calls.ts";
import { queryClient } from "../../api/query-client.ts";
import { createNow } from "../../components/now.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { Button } from "../../kit/button.tsx";
import { Select } from "../../kit/select.tsx";
import type { Column } from "../../kit/table.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/admin.ts";
import { paths } from "../../paths.ts";
import { AdminList } from "./admin-list.tsx";
import { ExperimentForm } from "./experiment-form.tsx";
import { phaseOf } from "./experiment-entries.ts";
import { clamped } from "./clamped.tsx";
import { FormDialog } from "./form-dialog.tsx";
import { PhaseWord } from "./phase.tsx";
import { useAdminList } from "./use-admin-list.ts";
import { useBeamlines } from "./use-beamlines.ts";
import { When } from "./when.tsx";
import styles from "./admin.module.css";

/** The experiments within the reader's reach, the newest first. */
export function ExperimentsPage(): JSX.Element {
  const navigate = useNavigate();
  const beamlines = useBeamlines();
  const list = useAdminList<ListedExperiment>("admin-experiments", listExperiments, {
    sorts: ["-startsAt"],
    filters: ["beamline"],
  });
  const [adding, setAdding] = createSignal(false);
  usePageTitle(() => t("nav.experiments"));
  const columns = useColumns(list);
  /** The one that is looked at, or the only one; else it has to be chosen. */
  const beamlineOf = (): string =>
    list.filter("beamline") || (beamlines().length === 1 ? (beamlines()[0]?.code ?? "") : "");

  return (
    <>
      <AdminList
        title={t("nav.experiments")}
        none={t("experiments.none")}
        list={list}
        columns={columns()}
        onOpen={(it) => navigate(paths.adminExperiment(it))}
        filters={
          <div class={styles["filters"]}>
            <Select
              label={t("experiments.ofBeamline")}
              value={list.filter("beamline")}
              options={[
                { value: "", text: t("experiments.allBeamlines") },
                ...beamlines().map((it) => ({ value: it.code, text: `${it.code} · ${it.name}` })),
              ]}
              onChange={(value) => list.setFilter("beamline", value)}
            />
          </div>
        }
        action={
          <Button
            variant="primary"
            disabledReason={beamlines().length === 0 ? t("experiments.needBeamline") : null}
            onClick={() => setAdding(true)}
          >
            {t("experiments.add")}
          </Button>
        }
      />
      <FormDialog
        open={adding()}
        onClose={() => setAdding(false)}
        title={t("experiments.addTitle")}
        wide
      >
        {(form) => (
          <ExperimentForm
            {...form}
            experiment={null}
            beamlines={beamlines()}
            beamline={beamlineOf()}
            onSaved={(made) => {
              form.onDone();
              void queryClient.invalidateQueries({ queryKey: ["admin-experiments"] });
              showToast({ tone: "info", title: t("admin.created", { name: made.code }) });
              navigate(paths.adminExperiment(made));
            }}
          />
        )}
      </FormDialog>
    </>
  );
}

function useColumns(list: ReturnType<typeof useAdminList<ListedExperiment>>) {
  const now = createNow(30_000);
  return (): Column<ListedExperiment>[] => [
    {
      head: t("experiments.code"),
      title: true,
      cell: (it) => (
        <A class={styles["link"]} href={paths.adminExperiment(it)}>
          {it.code}
        </A>
      ),
    },
    {
      head: t("experiments.titleField"),
      cell: (it) => clamped(it.title),
    },
    {
      head: t("experiments.beamline"),
      cell: (it) => <span title={it.beamline.name}>{it.beamline.code}</span>,
    },
    {
      head: t("experiments.startsAt"),
      cell: (it) => <When at={it.startsAt} />,
      sort: list.sortOf("startsAt"),
    },
    { head: t("experiments.endsAt"), cell: (it) => <When at={it.endsAt} /> },
    { head: t("users.state"), cell: (it) => <PhaseWord phase={phaseOf(it, now())} /> },
    { head: t("experiments.members"), end: true, cell: (it) => it.memberCount },
  ];
}
