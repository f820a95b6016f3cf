import { createSignal, Show, type JSX } from "solid-js";
import { openEnvironment, type AdminEnvironment, type Entitlement } from "../../api/admin-calls.ts";
import { limit } from "../../components/limit.ts";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { Choice } from "../../kit/choice.tsx";
import { Field } from "../../kit/field.tsx";
import { t } from "../../messages/admin.ts";
import { AdminForm } from "./admin-form.tsx";
import type { DialogForm } from "./form-dialog.tsx";
import { faultsFrom, type Faults } from "./faults.ts";
import { fromLocalInput } from "./local-time.ts";
import { textIn } from "./text-in.ts";
import { TimeField } from "./time-field.tsx";
import styles from "./admin.module.css";

type Kind = Entitlement["kind"];
const kinds: readonly Kind[] = ["everyone", "beamline", "experiment", "group", "person"];
/** Staff open to what is theirs. */
const kindsOfStaff: readonly Kind[] = ["beamline", "experiment"];

interface EntitlementFormProps extends DialogForm {
  readonly environmentId: string;
  readonly onSaved: (environment: AdminEnvironment) => void;
}

/** Opens an environment to somebody. */
export function EntitlementForm(props: EntitlementFormProps): JSX.Element {
  const [kind, setKind] = createSignal<Kind>("experiment");
  const me = useSignedIn();
  const offered = me().roles.includes("admin") ? kinds : kindsOfStaff;
  const open = async (form: FormData): Promise<void> => {
    const subject = textIn(form, "subject");
    const lower = kind() === "group" || kind() === "person";
    const made = await openEnvironment(props.environmentId, {
      kind: kind(),
      subject: kind() === "everyone" ? null : lower ? subject.toLowerCase() : subject,
      from: fromLocalInput(textIn(form, "from")),
      until: fromLocalInput(textIn(form, "until")),
    });
    props.onSaved(made);
  };
  return (
    <AdminForm
      submit={t("entitlement.open")}
      onCancel={props.onCancel}
      onTouched={props.onTouched}
      faultsOf={(error) => entitlementFaults(error, kind())}
      onSubmit={open}
    >
      {(faults) => (
        <>
          <Choice
            label={t("environments.openTo")}
            value={kind()}
            options={offered.map((value) => ({ value, text: t(`entitlement.kind.${value}`) }))}
            onChange={(value) => setKind(offered.find((it) => it === value) ?? "experiment")}
            hint={t(`entitlement.kindHint.${kind()}`)}
            error={faults().kind}
          />
          <Show when={kind() !== "everyone"}>
            <Field
              label={subjectLabel(kind())}
              name="subject"
              {...limit(100)}
              error={faults().subject}
              autocapitalize="none"
              autocomplete="off"
              spellcheck={false}
              required
            />
          </Show>
          <div class={styles["two"]}>
            <TimeField
              label={t("entitlement.from")}
              name="from"
              value={null}
              error={faults().from}
              optional
            />
            <TimeField
              label={t("entitlement.until")}
              name="until"
              value={null}
              error={faults().until}
              optional
            />
          </div>
        </>
      )}
    </AdminForm>
  );
}

function subjectLabel(kind: Kind): string {
  switch (kind) {
    case "everyone":
    case "person":
      return t("users.username");
    case "group":
      return t("groups.name");
    case "beamline":
      return t("entitlement.beamlineCode");
    case "experiment":
      return t("entitlement.experimentCode");
  }
}

type EntitlementFaults = Faults<"kind" | "subject" | "from" | "until">;

function entitlementFaults(error: unknown, kind: Kind): EntitlementFaults {
  const words = {
    kind: t("entitlement.already"),
    subject: kind === "everyone" ? "" : t(`entitlement.unknown.${kind}`),
    from: t("admin.timeWrong"),
    until: t("entitlement.untilWrong"),
  };
  const field = kind === "everyone" ? "kind" : "subject";
  return faultsFrom(error, words, { already_open: { [field]: t("entitlement.already") } });
}
