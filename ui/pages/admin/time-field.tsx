import type { JSX } from "solid-js";
import { Field } from "../../kit/field.tsx";
import { t } from "../../messages/admin.ts";
import { toLocalInput, zoneName } from "./local-time.ts";

interface TimeFieldProps {
  readonly label: string;
  readonly name: string;
  /** ISO 8601. */
  readonly value: string | null;
  readonly error: string | undefined;
  readonly optional?: boolean | undefined;
}

/** A day and time in the reader's zone. */
export function TimeField(props: TimeFieldProps): JSX.Element {
  return (
    <Field
      type="datetime-local"
      label={props.label}
      name={props.name}
      value={toLocalInput(props.value)}
      error={props.error}
      hint={t("admin.zone", { zone: zoneName() })}
      optional={props.optional === true ? t("users.optional") : undefined}
      required={props.optional !== true}
    />
  );
}
