import { createSignal, Show, type JSX } from "solid-js";
import { createBeamline, patchBeamline, type Beamline } from "../../api/admin-calls.ts";
import { limit } from "../../components/limit.ts";
import { Field } from "../../kit/field.tsx";
import { t } from "../../messages/admin.ts";
import { AdminForm } from "./admin-form.tsx";
import type { DialogForm } from "./form-dialog.tsx";
import { faultsFrom, peopleWords, type Faults } from "./faults.ts";
import { sameNames } from "./names.ts";
import { PeopleField } from "./people-field.tsx";
import { textIn } from "./text-in.ts";

interface BeamlineFormProps extends DialogForm {
  /** null: a new one. */
  readonly beamline: Beamline | null;
  readonly onSaved: (beamline: Beamline, made: boolean) => void;
}

export function BeamlineForm(props: BeamlineFormProps): JSX.Element {
  const before = props.beamline;
  const [staff, setStaff] = createSignal<string[]>(before?.staff ?? []);
  const save = async (form: FormData): Promise<void> => {
    const name = textIn(form, "name");
    if (before === null) {
      const made = await createBeamline({ code: textIn(form, "code"), name, staff: staff() });
      return props.onSaved(made, true);
    }
    const changes = {
      ...(name === before.name ? {} : { name }),
      ...(sameNames(before.staff, staff()) ? {} : { staff: staff() }),
    };
    if (Object.keys(changes).length === 0) return props.onDone();
    props.onSaved(await patchBeamline(before.id, changes), false);
  };
  return (
    <AdminForm
      submit={before === null ? t("admin.create") : t("users.save")}
      onCancel={props.onCancel}
      onTouched={props.onTouched}
      faultsOf={beamlineFaults}
      onSubmit={save}
    >
      {(faults) => (
        <>
          <Show when={before === null}>
            <Field
              label={t("beamlines.code")}
              name="code"
              {...limit(31)}
              hint={faults().code === undefined ? t("admin.codeHint") : undefined}
              error={faults().code}
              autocomplete="off"
              spellcheck={false}
              required
            />
          </Show>
          <Field
            label={t("users.displayName")}
            name="name"
            {...limit(200)}
            value={before?.name ?? ""}
            error={faults().name}
            autocomplete="off"
            required
          />
          <PeopleField
            label={t("beamlines.staff")}
            names={staff()}
            onChange={setStaff}
            hint={t("beamlines.staffHint")}
            error={faults().staff}
          />
        </>
      )}
    </AdminForm>
  );
}

function beamlineFaults(error: unknown): Faults<"code" | "name" | "staff"> {
  const words = { code: t("admin.codeWrong"), name: t("users.nameWrong"), staff: peopleWords };
  return faultsFrom(error, words, { code_taken: { code: t("beamlines.codeTaken") } });
}
