import { createSignal, Show, type JSX } from "solid-js";
import { createGroup, patchGroup, type Group } from "../../api/admin-calls.ts";
import { limit } from "../../components/limit.ts";
import { Field } from "../../kit/field.tsx";
import { t } from "../../messages/admin.ts";
import { AdminForm } from "./admin-form.tsx";
import type { DialogForm } from "./form-dialog.tsx";
import { faultsFrom, peopleWords, type Faults } from "./faults.ts";
import { sameNames } from "./names.ts";
import { PeopleField } from "./people-field.tsx";
import { textIn } from "./text-in.ts";

interface GroupFormProps extends DialogForm {
  /** null: a new one. */
  readonly group: Group | null;
  readonly onSaved: (group: Group, made: boolean) => void;
}

export function GroupForm(props: GroupFormProps): JSX.Element {
  const before = props.group;
  const [members, setMembers] = createSignal<string[]>(before?.members ?? []);
  const save = async (form: FormData): Promise<void> => {
    const description = textIn(form, "description");
    if (before === null) {
      const gid = textIn(form, "gid");
      const made = await createGroup({
        name: textIn(form, "name").toLowerCase(),
        // What is no number is for the server to refuse.
        gid: gid === "" ? null : /^\d+$/.test(gid) ? Number(gid) : -1,
        description,
        members: members(),
      });
      return props.onSaved(made, true);
    }
    const changes = {
      ...(description === before.description ? {} : { description }),
      ...(sameNames(before.members, members()) ? {} : { members: members() }),
    };
    if (Object.keys(changes).length === 0) return props.onDone();
    props.onSaved(await patchGroup(before.id, changes), false);
  };
  return (
    <AdminForm
      submit={before === null ? t("admin.create") : t("users.save")}
      onCancel={props.onCancel}
      onTouched={props.onTouched}
      faultsOf={groupFaults}
      onSubmit={save}
    >
      {(faults) => (
        <>
          <Show when={before === null}>
            <NewGroupFields faults={faults()} />
          </Show>
          <Field
            label={t("groups.description")}
            name="description"
            {...limit(500)}
            value={before?.description ?? ""}
            optional={t("users.optional")}
            error={faults().description}
            autocomplete="off"
          />
          <PeopleField
            label={t("groups.members")}
            names={members()}
            onChange={setMembers}
            error={faults().members}
          />
        </>
      )}
    </AdminForm>
  );
}

type GroupFaults = Faults<"name" | "gid" | "description" | "members">;

function NewGroupFields(props: { readonly faults: GroupFaults }): JSX.Element {
  return (
    <>
      <Field
        label={t("users.displayName")}
        name="name"
        {...limit(31)}
        hint={props.faults.name === undefined ? t("users.usernameHint") : undefined}
        error={props.faults.name}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        required
      />
      <Field
        label={t("groups.gid")}
        name="gid"
        inputmode="numeric"
        optional={t("users.optional")}
        hint={props.faults.gid === undefined ? t("groups.gidHint") : undefined}
        error={props.faults.gid}
        autocomplete="off"
      />
    </>
  );
}

function groupFaults(error: unknown): GroupFaults {
  const words = {
    name: t("users.usernameWrong"),
    gid: t("groups.gidWrong"),
    description: t("groups.descriptionWrong"),
    members: peopleWords,
  };
  return faultsFrom(error, words, {
    name_taken: { name: t("groups.nameTaken") },
    gid_taken: { gid: t("groups.gidTaken") },
  });
}
