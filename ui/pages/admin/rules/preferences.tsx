import Plus from "lucide-solid/icons/plus";
import X from "lucide-solid/icons/x";
import { createUniqueId, Index, Show, type JSX } from "solid-js";
import { Button } from "../../../kit/button.tsx";
import { t } from "../../../messages/rules.ts";
import type { Label } from "./complete.ts";
import { NumberInput } from "./number-input.tsx";
import { bounds } from "./rule-shape.ts";
import type { Then } from "./rule-text.ts";
import { SelectorField } from "./selector-field.tsx";
import styles from "./form.module.css";

type Preference = NonNullable<Then["prefer"]>[number];
const usualWeight = 10;
const most = 50;

interface PreferencesProps {
  readonly preferences: readonly Preference[];
  readonly onChange: (preferences: Preference[]) => void;
  readonly labels: readonly Label[];
  readonly errorOf: (path: string) => string | undefined;
  readonly onFault: (path: string, fault: boolean) => void;
}

/** Points for nodes: the more, the rather they are taken. */
export function Preferences(props: PreferencesProps): JSX.Element {
  const id = createUniqueId();
  let list: HTMLUListElement | undefined;
  // One line stands there to be filled in from the start.
  const shown = (): readonly Preference[] =>
    props.preferences.length === 0 ? [{ selector: "", weight: usualWeight }] : props.preferences;
  const replace = (at: number, change: Partial<Preference>): void =>
    props.onChange(shown().map((it, index) => (index === at ? { ...it, ...change } : it)));
  const add = (): void => {
    props.onChange([...shown(), { selector: "", weight: usualWeight }]);
    queueMicrotask(() => list?.querySelector<HTMLElement>("li:last-child input")?.focus());
  };
  return (
    <div class={styles["stack"]}>
      <ul ref={(it) => (list = it)} class={styles["preferences"]}>
        <Index each={shown()}>
          {(it, at) => (
            <li class={styles["preference"]}>
              <div class={styles["number"]}>
                <label for={`${id}-${at}`}>{t("rules.preference", { number: at + 1 })}</label>
                <SelectorField
                  id={`${id}-${at}`}
                  label={t("rules.preference", { number: at + 1 })}
                  value={it().selector}
                  labels={props.labels}
                  error={props.errorOf(`then.prefer.${at}.selector`)}
                  onInput={(selector) => replace(at, { selector })}
                />
              </div>
              <NumberInput
                label={t("rules.weight")}
                value={it().weight}
                bounds={bounds.weight}
                unit={t("rules.points")}
                onChange={(weight) => weight !== undefined && replace(at, { weight })}
                onFault={(fault) => props.onFault(`then.prefer.${at}.weight`, fault)}
              />
              <Show when={shown().length > 1}>
                <Button
                  icon
                  size="small"
                  variant="quiet"
                  aria-label={t("rules.removePreference", { number: at + 1 })}
                  onClick={() =>
                    props.onChange(props.preferences.filter((_, index) => index !== at))
                  }
                >
                  <X size={14} aria-hidden="true" />
                </Button>
              </Show>
            </li>
          )}
        </Index>
      </ul>
      <Show when={shown().length < most}>
        <button type="button" class={styles["add"]} onClick={add}>
          <Plus size={14} aria-hidden="true" />
          {t("rules.addPreference")}
        </button>
      </Show>
    </div>
  );
}
