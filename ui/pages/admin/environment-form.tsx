import type { JSX } from "solid-js";
import { patchEnvironment, type AdminEnvironment } from "../../api/admin-calls.ts";
import { limit } from "../../components/limit.ts";
import { Field } from "../../kit/field.tsx";
import { t } from "../../messages/admin.ts";
import { AdminForm } from "./admin-form.tsx";
import type { DialogForm } from "./form-dialog.tsx";
import { faultsFrom } from "./faults.ts";
import { textIn } from "./text-in.ts";

interface EnvironmentFormProps extends DialogForm {
  readonly environment: AdminEnvironment;
  readonly onSaved: (environment: AdminEnvironment) => void;
}

/** How an environment is shown in the catalogue. */
export function EnvironmentForm(props: EnvironmentFormProps): JSX.Element {
  const save = async (form: FormData): Promise<void> => {
    const [name, description] = [textIn(form, "name"), textIn(form, "description")];
    const before = props.environment;
    const changes = {
      ...(name === before.name ? {} : { name }),
      ...(description === before.description ? {} : { description }),
    };
    if (Object.keys(changes).length === 0) return props.onDone();
    props.onSaved(await patchEnvironment(before.id, changes));
  };
  return (
    <AdminForm
      submit={t("users.save")}
      onCancel={props.onCancel}
      onTouched={props.onTouched}
      faultsOf={(error) =>
        faultsFrom(error, {
          name: t("users.nameWrong"),
          description: t("environments.descriptionWrong"),
        })
      }
      onSubmit={save}
    >
      {(faults) => (
        <>
          <Field
            label={t("users.displayName")}
            name="name"
            {...limit(200)}
            value={props.environment.name}
            error={faults().name}
            autocomplete="off"
            required
          />
          <Field
            label={t("environments.description")}
            name="description"
            {...limit(1000)}
            value={props.environment.description}
            optional={t("users.optional")}
            error={faults().description}
            autocomplete="off"
          />
        </>
      )}
    </AdminForm>
  );
}
