import { createSignal, Show, type JSX } from "solid-js";
import {
  createExperiment,
  patchExperiment,
  type Beamline,
  type Experiment,
} from "../../api/admin-calls.ts";
import { limit } from "../../components/limit.ts";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { Choice } from "../../kit/choice.tsx";
import { Field } from "../../kit/field.tsx";
import { t } from "../../messages/admin.ts";
import { AdminForm } from "./admin-form.tsx";
import type { DialogForm } from "./form-dialog.tsx";
import {
  experimentChanges,
  experimentFaults,
  experimentIn,
  type ExperimentField,
} from "./experiment-entries.ts";
import type { Faults } from "./faults.ts";
import { PeopleField } from "./people-field.tsx";
import { TimeField } from "./time-field.tsx";
import styles from "./admin.module.css";

interface ExperimentFormProps extends DialogForm {
  /** null: a new one. */
  readonly experiment: Experiment | null;
  readonly beamlines: readonly Beamline[];
  /** The code of the beamline that a new one is offered for. */
  readonly beamline: string;
  readonly onSaved: (experiment: Experiment) => void;
}

export function ExperimentForm(props: ExperimentFormProps): JSX.Element {
  const me = useSignedIn();
  const before = props.experiment;
  const withData = me().roles.includes("admin");
  const [members, setMembers] = createSignal(before?.members.map((it) => it.username) ?? []);
  const save = async (form: FormData): Promise<void> => {
    const entries = experimentIn(form, members(), before);
    if (before === null) {
      // To name where its data lies, even as it is anyway, is refused to all but administrators.
      const { dataPath, dataAccess, ...rest } = entries;
      const body = { ...rest, ...(withData ? { dataPath, dataAccess } : {}) };
      return props.onSaved(await createExperiment({ ...body, members: [...body.members] }));
    }
    const changes = experimentChanges(before, entries, withData);
    if (Object.keys(changes).length === 0) return props.onDone();
    props.onSaved(await patchExperiment(before.id, changes));
  };
  return (
    <AdminForm
      submit={before === null ? t("admin.create") : t("users.save")}
      onCancel={props.onCancel}
      onTouched={props.onTouched}
      faultsOf={experimentFaults}
      onSubmit={save}
    >
      {(faults) => (
        <>
          <Show when={before === null}>
            <div class={styles["two"]}>
              <Field
                label={t("experiments.code")}
                name="code"
                {...limit(31)}
                hint={faults().code === undefined ? t("admin.codeHint") : undefined}
                error={faults().code}
                autocomplete="off"
                spellcheck={false}
                required
              />
              <Choice
                label={t("experiments.beamline")}
                name="beamline"
                value={props.beamline}
                options={[
                  ...(props.beamline === ""
                    ? [{ value: "", text: t("experiments.chooseBeamline") }]
                    : []),
                  ...props.beamlines.map((it) => ({
                    value: it.code,
                    text: `${it.code} · ${it.name}`,
                  })),
                ]}
                error={faults().beamline}
              />
            </div>
          </Show>
          <Field
            label={t("experiments.titleField")}
            name="title"
            {...limit(500)}
            value={before?.title ?? ""}
            optional={t("users.optional")}
            error={faults().title}
            autocomplete="off"
          />
          <div class={styles["two"]}>
            <TimeField
              label={t("experiments.startsAt")}
              name="startsAt"
              value={before?.startsAt ?? null}
              error={faults().startsAt}
            />
            <TimeField
              label={t("experiments.endsAt")}
              name="endsAt"
              value={before?.endsAt ?? null}
              error={faults().endsAt}
            />
          </div>
          <PeopleField
            label={t("experiments.members")}
            names={members()}
            onChange={setMembers}
            error={faults().members}
          />
          <Show when={withData}>
            <DataFields experiment={before} faults={faults()} />
          </Show>
        </>
      )}
    </AdminForm>
  );
}

function DataFields(props: {
  readonly experiment: Experiment | null;
  readonly faults: Faults<ExperimentField>;
}): JSX.Element {
  return (
    <div class={styles["two"]}>
      <Field
        label={t("experiments.dataPath")}
        name="dataPath"
        {...limit(1000)}
        value={props.experiment?.dataPath ?? ""}
        optional={t("users.optional")}
        hint={t("experiments.dataPathHint")}
        error={props.faults.dataPath}
        autocomplete="off"
        spellcheck={false}
      />
      <Choice
        label={t("experiments.dataAccess")}
        name="dataAccess"
        value={props.experiment?.dataAccess ?? "write"}
        options={(["write", "read", "none"] as const).map((value) => ({
          value,
          text: t(`experiments.dataAccess.${value}`),
        }))}
        error={props.faults.dataAccess}
      />
    </div>
  );
}
