import { Index, Show, createUniqueId, type JSX } from "solid-js";
import type { ClaimRule } from "../../api/admin-calls.ts";
import { limit } from "../../components/limit.ts";
import { Button } from "../../kit/button.tsx";
import { Choice } from "../../kit/choice.tsx";
import { Field } from "../../kit/field.tsx";
import { t } from "../../messages/admin.ts";
import { emptyRule } from "./provider-entries.ts";
import styles from "./claim-rules.module.css";

const gives = ["role", "group", "beamline_staff", "experiment"] as const;
/** Everybody has the role user; the others can be given. */
const roles = ["staff", "admin", "monitor"] as const;

interface ClaimRulesProps {
  readonly rules: readonly ClaimRule[];
  readonly onChange: (rules: ClaimRule[]) => void;
  readonly error: string | undefined;
}

/** What a provider's claims give: when a claim matches, then somebody has something. */
export function ClaimRules(props: ClaimRulesProps): JSX.Element {
  const id = createUniqueId();
  let box: HTMLFieldSetElement | undefined;
  const change = (rules: ClaimRule[]): void => {
    props.onChange(rules);
    // The form around it learns from this event that something changed.
    box?.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const add = (): void => {
    change([...props.rules, emptyRule]);
    box?.querySelector<HTMLElement>("li:last-child input")?.focus();
  };
  const replace = (index: number, rule: ClaimRule): void =>
    props.onChange(props.rules.map((it, at) => (at === index ? rule : it)));
  return (
    <fieldset
      ref={(it) => (box = it)}
      class={styles["rules"]}
      data-fault={props.error === undefined ? undefined : ""}
      aria-describedby={`${id}-text${props.error === undefined ? "" : ` ${id}-error`}`}
    >
      <legend>{t("providers.rules")}</legend>
      <p id={`${id}-text`} class={styles["text"]}>
        {t("providers.rulesText")}
      </p>
      <Show when={props.error}>
        {(text) => (
          <p id={`${id}-error`} class={styles["fault"]}>
            {text()}
          </p>
        )}
      </Show>
      <ol class={styles["list"]}>
        <Index each={props.rules}>
          {(rule, index) => (
            <Rule
              rule={rule()}
              number={index + 1}
              onChange={(it) => replace(index, it)}
              onRemove={() => change(props.rules.filter((_, at) => at !== index))}
            />
          )}
        </Index>
      </ol>
      <Button onClick={add}>{t("providers.addRule")}</Button>
    </fieldset>
  );
}

interface RuleProps {
  readonly rule: ClaimRule;
  readonly number: number;
  readonly onChange: (rule: ClaimRule) => void;
  readonly onRemove: () => void;
}

function Rule(props: RuleProps): JSX.Element {
  const put = (change: Partial<ClaimRule>): void => props.onChange({ ...props.rule, ...change });
  return (
    <li class={styles["rule"]} aria-label={t("providers.rule", { number: props.number })}>
      <Field
        label={t("providers.claim")}
        {...limit(200)}
        value={props.rule.claim}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => put({ claim: event.currentTarget.value })}
      />
      <Field
        label={t("providers.pattern")}
        {...limit(200)}
        value={props.rule.pattern}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => put({ pattern: event.currentTarget.value })}
      />
      <Choice
        label={t("providers.gives")}
        value={props.rule.gives}
        options={gives.map((value) => ({ value, text: t(`providers.gives.${value}`) }))}
        onChange={(value) => {
          const found = gives.find((it) => it === value) ?? "role";
          put({ gives: found, target: found === "role" ? "staff" : "" });
        }}
      />
      <Target rule={props.rule} onChange={(target) => put({ target })} />
      <Button
        size="small"
        aria-label={t("providers.removeRule", { number: props.number })}
        onClick={() => props.onRemove()}
      >
        {t("providers.remove")}
      </Button>
    </li>
  );
}

function Target(props: {
  readonly rule: ClaimRule;
  readonly onChange: (target: string) => void;
}): JSX.Element {
  return (
    <Show
      when={props.rule.gives === "role"}
      fallback={
        <Field
          label={t(`providers.target.${props.rule.gives}`)}
          {...limit(100)}
          value={props.rule.target}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => props.onChange(event.currentTarget.value)}
        />
      }
    >
      <Choice
        label={t("providers.target.role")}
        value={props.rule.target}
        options={roles.map((value) => ({ value, text: t(`role.${value}`) }))}
        onChange={props.onChange}
      />
    </Show>
  );
}
