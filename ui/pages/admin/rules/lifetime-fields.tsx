import { createSignal, type JSX } from "solid-js";
import { t } from "../../../messages/rules.ts";
import { NumberInput } from "./number-input.tsx";
import { bounds } from "./rule-shape.ts";
import { Segmented } from "./segmented.tsx";
import styles from "./form.module.css";

const units = { minutes: 1, hours: 60, days: 1440 } as const;
type Unit = keyof typeof units;

/** The largest in which it is a whole number. */
function unitOf(minutes: number | undefined): Unit {
  if (minutes === undefined) return "hours";
  return minutes % units.days === 0 ? "days" : minutes % units.hours === 0 ? "hours" : "minutes";
}

/** How long a desktop may live, in the unit that suits. */
export function LifetimeFields(props: {
  readonly minutes: number | undefined;
  readonly onChange: (minutes: number | undefined) => void;
  readonly onFault: (fault: boolean) => void;
}): JSX.Element {
  const [unit, setUnit] = createSignal<Unit>(unitOf(props.minutes));
  const per = (): number => units[unit()];
  return (
    <div class={styles["several"]}>
      <NumberInput
        label={t("rules.lifetimeHint")}
        value={props.minutes}
        bounds={{ least: bounds.minutes.least / per(), most: bounds.minutes.most / per() }}
        per={per()}
        onChange={props.onChange}
        onFault={props.onFault}
      />
      <span class={styles["number"]}>
        <span class={styles["small"]}>{t("rules.unit")}</span>
        <Segmented
          label={t("rules.unit")}
          value={unit()}
          options={(["minutes", "hours", "days"] as const).map((value) => ({
            value,
            text: t(`rules.unit.${value}`),
          }))}
          onChange={(next) => {
            // The number stays, as people mean it: 8 hours become 8 days.
            const count = props.minutes === undefined ? undefined : props.minutes / per();
            setUnit(next);
            if (count !== undefined) {
              const minutes = Math.round(count * units[next]);
              props.onChange(
                Math.min(Math.max(minutes, bounds.minutes.least), bounds.minutes.most),
              );
            }
          }}
        />
      </span>
    </div>
  );
}
