import { createUniqueId, type JSX } from "solid-js";
import { Choice } from "../../../kit/choice.tsx";
import { t } from "../../../messages/rules.ts";
import type { Label } from "../rules/complete.ts";
import { finders } from "../rules/finders.ts";
import { PickField } from "../rules/pick-field.tsx";
import { SelectorField } from "../rules/selector-field.tsx";
import type { Entries } from "./reservation-entries.ts";
import admin from "../admin.module.css";
import form from "../rules/form.module.css";

const kinds = ["experiment", "group", "beamline"] as const;

/** Whom it is for, which stays as it is once it is made. */
export function Whom(props: {
  readonly of: Entries;
  readonly put: (change: Partial<Entries>) => void;
  readonly admin: boolean;
  readonly error: string | undefined;
}): JSX.Element {
  const id = createUniqueId();
  // Groups belong to no beamline: those who look after one cannot see them.
  const offered = kinds.filter((it) => props.admin || it !== "group");
  return (
    <div class={admin["two"]}>
      <Choice
        label={t("reservations.for")}
        value={props.of.kind}
        options={offered.map((value) => ({ value, text: t(`reservations.kind.${value}`) }))}
        onChange={(value) => {
          const kind = kinds.find((it) => it === value) ?? "experiment";
          props.put({ kind, subject: "" });
        }}
      />
      <div class={form["named"]}>
        <label for={id}>{t(`reservations.kind.${props.of.kind}`)}</label>
        <PickField
          id={id}
          label={t(`reservations.kind.${props.of.kind}`)}
          values={props.of.subject === "" ? [] : [props.of.subject]}
          onChange={([subject = ""]) => props.put({ subject })}
          find={finders[props.of.kind]}
          placeholder={t("rules.anyOf")}
          error={props.error}
          single
        />
      </div>
    </div>
  );
}

/** On which nodes: all that have some labels. */
export function Nodes(props: {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly labels: readonly Label[];
  readonly error: string | undefined;
}): JSX.Element {
  const id = createUniqueId();
  return (
    <div class={form["named"]}>
      <label for={id}>{t("reservations.selector")}</label>
      <SelectorField
        id={id}
        label={t("reservations.selector")}
        value={props.value}
        onInput={props.onInput}
        labels={props.labels}
        error={props.error}
      />
      <p class={form["muted"]}>{t("reservations.selectorHint")}</p>
    </div>
  );
}
