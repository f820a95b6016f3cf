import {
  createEffect,
  createSignal,
  createUniqueId,
  on,
  onCleanup,
  Show,
  type JSX,
} from "solid-js";
import { numberFormat } from "../../../messages/formats.ts";
import { locale } from "../../../messages/messages.ts";
import { t } from "../../../messages/rules.ts";
import { numberFault } from "./rule-shape.ts";
import styles from "./form.module.css";

export interface NumberBounds {
  readonly least: number;
  readonly most: number;
  readonly kind?: "number" | "whole";
  readonly above?: boolean;
}

interface NumberInputProps {
  readonly label: string;
  readonly value: number | undefined;
  readonly bounds: NumberBounds;
  readonly unit?: string | undefined;
  /** How much of what is kept one of what is shown is: a GiB has 2^30 bytes. */
  readonly per?: number | undefined;
  readonly placeholder?: string | undefined;
  /** undefined: the field is empty. */
  readonly onChange: (value: number | undefined) => void;
  /** Whether what is typed is no number that could be kept. */
  readonly onFault: (fault: boolean) => void;
}

/** A number with its unit. What cannot be one stays in the field, and is said. */
export function NumberInput(props: NumberInputProps): JSX.Element {
  const id = createUniqueId();
  const per = (): number => props.per ?? 1;
  const shown = (value: number | undefined): string =>
    value === undefined ? "" : plain(value / per());
  const [text, setText] = createSignal(shown(props.value));
  const [fault, setFault] = createSignal<string | null>(null);
  const judge = (typed: string): void => {
    const { value, words } = read(typed, props.bounds, per());
    setFault(words);
    props.onFault(words !== null);
    if (words === null) props.onChange(value);
  };
  createEffect(
    on(
      () => props.value,
      (value) => {
        // Another value from elsewhere; one's own typing is left as it is.
        if (read(text(), props.bounds, per()).value === value && fault() === null) return;
        setText(shown(value));
        setFault(null);
        props.onFault(false);
      },
      { defer: true },
    ),
  );
  onCleanup(() => props.onFault(false));
  return (
    <span class={styles["number"]}>
      <label for={id}>{props.label}</label>
      <span class={styles["withUnit"]}>
        <input
          id={id}
          class={styles["input"]}
          inputMode="decimal"
          autocomplete="off"
          value={text()}
          placeholder={props.placeholder}
          aria-invalid={fault() === null ? undefined : "true"}
          aria-describedby={fault() === null ? undefined : `${id}-fault`}
          onInput={(event) => {
            setText(event.currentTarget.value);
            judge(event.currentTarget.value);
          }}
        />
        <Show when={props.unit}>{(unit) => <span class={styles["unit"]}>{unit()}</span>}</Show>
      </span>
      <Show when={fault()}>
        {(words) => (
          <span id={`${id}-fault`} class={styles["fault"]}>
            {words()}
          </span>
        )}
      </Show>
    </span>
  );
}

/** As the reader writes numbers, without marks between thousands, which could not be read back. */
function plain(value: number): string {
  return numberFormat(locale(), { useGrouping: false, maximumFractionDigits: 3 }).format(value);
}

function read(
  typed: string,
  bounds: NumberBounds,
  per: number,
): { readonly value: number | undefined; readonly words: string | null } {
  const trimmed = typed.trim();
  if (trimmed === "") return { value: undefined, words: null };
  const number = /^-?\d*[.,]?\d+$/.test(trimmed) ? Number(trimmed.replace(",", ".")) : Number.NaN;
  const code = numberFault(number, bounds);
  if (code === null) return { value: per === 1 ? number : Math.round(number * per), words: null };
  const words =
    code === "tooHigh"
      ? t("rules.fault.tooHigh", { what: bounds.most })
      : code === "tooLow"
        ? t(bounds.above === true ? "rules.fault.notAbove" : "rules.fault.tooLow", {
            what: bounds.least,
          })
        : t(`rules.fault.${code}`);
  return { value: undefined, words };
}
