import type { JSX } from "solid-js";
import styles from "./form.module.css";

/** As much as fits into a narrow field: of a long text what stands around the fault. */
const fits = 40;
const around = 18;

/** The part of a text in which a fault stands, with a mark below it. For the eye alone: the fault's words say it too. */
export function CaretLine(props: {
  readonly text: string;
  readonly at: number;
  readonly end: number;
}): JSX.Element {
  const whole = (): boolean => props.text.length <= fits;
  const from = (): number => (whole() ? 0 : Math.max(0, props.at - around));
  const to = (): number => (whole() ? props.text.length : props.at + around);
  const shown = (): string => props.text.slice(from(), to()).replaceAll(/\s/g, " ");
  const lead = (): string => (from() > 0 ? "…" : "");
  const tail = (): string => (to() < props.text.length ? "…" : "");
  const marks = (): number => Math.min(Math.max(1, props.end - props.at), around);
  return (
    <span class={styles["caret"]} aria-hidden="true">
      {`${lead()}${shown()}${tail()}\n${" ".repeat(lead().length + props.at - from())}${"^".repeat(marks())}`}
    </span>
  );
}
