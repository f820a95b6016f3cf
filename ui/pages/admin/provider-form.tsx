import { createSignal, Show, type JSX } from "solid-js";
import { createProvider, patchProvider, type Provider } from "../../api/admin-calls.ts";
import { limit } from "../../components/limit.ts";
import { PasswordField } from "../../components/password-field.tsx";
import { Field } from "../../kit/field.tsx";
import { t } from "../../messages/admin.ts";
import { AdminForm } from "./admin-form.tsx";
import type { DialogForm } from "./form-dialog.tsx";
import { ClaimRules } from "./claim-rules.tsx";
import type { Faults } from "./faults.ts";
import {
  providerChanges,
  providerFaults,
  providerIn,
  type ProviderField,
} from "./provider-entries.ts";
import { textIn } from "./text-in.ts";
import styles from "./admin.module.css";

interface ProviderFormProps extends DialogForm {
  /** null: a new one. */
  readonly provider: Provider | null;
  readonly onSaved: (provider: Provider, made: boolean) => void;
}

export function ProviderForm(props: ProviderFormProps): JSX.Element {
  const before = props.provider;
  const [rules, setRules] = createSignal(before?.rules ?? []);
  const save = async (form: FormData): Promise<void> => {
    const entries = providerIn(form, rules());
    // Without the empty ones, so that the server counts them as they are shown.
    setRules(entries.rules);
    const secret = textIn(form, "clientSecret");
    if (before === null) {
      const slug = textIn(form, "slug").toLowerCase();
      const clientSecret = secret === "" ? null : secret;
      return props.onSaved(await createProvider({ ...entries, slug, clientSecret }), true);
    }
    const changes = providerChanges(before, entries, secret);
    if (Object.keys(changes).length === 0) return props.onDone();
    props.onSaved(await patchProvider(before.id, changes), false);
  };
  return (
    <AdminForm
      submit={before === null ? t("admin.create") : t("users.save")}
      onCancel={props.onCancel}
      onTouched={props.onTouched}
      faultsOf={providerFaults}
      onSubmit={save}
    >
      {(faults) => (
        <>
          <Names provider={before} faults={faults()} />
          <Client provider={before} faults={faults()} />
          <Box
            name="vouches"
            checked={before?.vouches ?? false}
            label={t("providers.vouches")}
            text={t("providers.vouchesText")}
          />
          <Box
            name="logout"
            checked={before?.logout ?? true}
            label={t("providers.logout")}
            text={t("providers.logoutText")}
          />
          <Box
            name="enabled"
            checked={before?.enabled ?? true}
            label={t("providers.enabled")}
            text={t("providers.enabledText")}
          />
          <ClaimRules rules={rules()} onChange={setRules} error={faults().rules} />
        </>
      )}
    </AdminForm>
  );
}

interface PartProps {
  readonly provider: Provider | null;
  readonly faults: Faults<ProviderField>;
}

function Names(props: PartProps): JSX.Element {
  return (
    <div class={styles["two"]}>
      <Field
        label={t("users.displayName")}
        name="name"
        {...limit(100)}
        value={props.provider?.name ?? ""}
        hint={t("providers.nameHint")}
        error={props.faults.name}
        autocomplete="off"
        required
      />
      <Show when={props.provider === null}>
        <Field
          label={t("environments.slug")}
          name="slug"
          {...limit(31)}
          hint={t("providers.slugHint")}
          error={props.faults.slug}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          required
        />
      </Show>
    </div>
  );
}

function Client(props: PartProps): JSX.Element {
  const plain = { autocapitalize: "none", autocomplete: "off", spellcheck: false } as const;
  const secretHint = (): string =>
    props.provider?.hasSecret === true ? t("providers.secretKept") : t("providers.secretHint");
  return (
    <>
      <Field
        {...plain}
        label={t("providers.issuer")}
        name="issuer"
        {...limit(500)}
        value={props.provider?.issuer ?? ""}
        hint={t("providers.issuerHint")}
        error={props.faults.issuer}
        inputmode="url"
        required
      />
      <div class={styles["two"]}>
        <Field
          {...plain}
          label={t("providers.clientId")}
          name="clientId"
          {...limit(300)}
          value={props.provider?.clientId ?? ""}
          error={props.faults.clientId}
          required
        />
        <PasswordField
          label={t("providers.secret")}
          name="clientSecret"
          {...limit(500)}
          optional={t("users.optional")}
          hint={secretHint()}
          error={props.faults.clientSecret}
          autocomplete="new-password"
        />
        <Field
          {...plain}
          label={t("providers.scope")}
          name="scope"
          {...limit(300)}
          value={props.provider?.scope ?? "openid profile email"}
          error={props.faults.scope}
          required
        />
        <Field
          {...plain}
          label={t("providers.usernameClaim")}
          name="usernameClaim"
          {...limit(100)}
          value={props.provider?.usernameClaim ?? "preferred_username"}
          error={props.faults.usernameClaim}
          required
        />
      </div>
    </>
  );
}

function Box(props: {
  readonly name: string;
  readonly checked: boolean;
  readonly label: string;
  readonly text: string;
}): JSX.Element {
  return (
    <label class={styles["role"]}>
      <input type="checkbox" name={props.name} checked={props.checked} />
      <span>
        {props.label} <span class={styles["muted"]}>{props.text}</span>
      </span>
    </label>
  );
}
