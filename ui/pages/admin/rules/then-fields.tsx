import Plus from "lucide-solid/icons/plus";
import { createSignal, createUniqueId, For, Match, Show, Switch, type JSX } from "solid-js";
import { Menu, MenuItem } from "../../../kit/menu.tsx";
import { t } from "../../../messages/rules.ts";
import { LifetimeFields } from "./lifetime-fields.tsx";
import type { Label } from "./complete.ts";
import { FieldRow } from "./field-row.tsx";
import { NumberInput } from "./number-input.tsx";
import { Preferences } from "./preferences.tsx";
import { ResourceFields } from "./resource-fields.tsx";
import { bounds } from "./rule-shape.ts";
import type { Then } from "./rule-text.ts";
import { Segmented } from "./segmented.tsx";
import { SelectorField } from "./selector-field.tsx";
import styles from "./form.module.css";

export const effects = [
  "require",
  "prefer",
  "strategy",
  "resources",
  "limits",
  "lifetime",
  "dedicate",
  "priority",
] as const;
type Effect = (typeof effects)[number];

export interface ThenFieldsProps {
  readonly then: Then;
  readonly onChange: (then: Then) => void;
  readonly begun: readonly Effect[];
  readonly labels: readonly Label[];
  readonly errorOf: (path: string) => string | undefined;
  /** Whether a field holds what cannot be kept. */
  readonly onFault: (path: string, fault: boolean) => void;
}

/** What a rule does to the requests that it is about. */
export function ThenFields(props: ThenFieldsProps): JSX.Element {
  const [added, setAdded] = createSignal<readonly Effect[]>(props.begun);
  let part: HTMLFieldSetElement | undefined;
  const shown = (): Effect[] =>
    effects.filter((it) => props.then[it] !== undefined || added().includes(it));
  const put = (change: Partial<Then>): void => props.onChange({ ...props.then, ...change });
  const remove = (it: Effect): void => {
    setAdded((all) => all.filter((other) => other !== it));
    put({ [it]: undefined });
  };
  const add = (it: Effect): void => {
    setAdded((all) => [...all, it]);
    queueMicrotask(() => part?.querySelector<HTMLElement>(`[data-row=${it}] input`)?.focus());
  };
  return (
    <fieldset ref={(it) => (part = it)} class={styles["part"]}>
      <div class={styles["partHead"]}>
        <h3>{t("rules.then")}</h3>
        <Show when={shown().length === 0}>
          <span class={styles["muted"]}>{t("rules.thenNothing")}</span>
        </Show>
      </div>
      <For each={shown()}>
        {(it) => (
          <div data-row={it}>
            <EffectRow {...props} of={it} put={put} onRemove={() => remove(it)} />
          </div>
        )}
      </For>
      <Show when={shown().length < effects.length}>
        <Menu
          label={null}
          placement="bottom-start"
          triggerClass={styles["add"] ?? ""}
          trigger={
            <>
              <Plus size={14} aria-hidden="true" />
              {t("rules.addEffect")}
            </>
          }
          onClosed={() => {}}
        >
          <For each={effects.filter((it) => !shown().includes(it))}>
            {(it) => (
              <MenuItem onSelect={() => add(it)} note={t(`rules.then.${it}.text`)}>
                {t(`rules.then.${it}`)}
              </MenuItem>
            )}
          </For>
        </Menu>
      </Show>
    </fieldset>
  );
}

interface EffectRowProps extends ThenFieldsProps {
  readonly of: Effect;
  readonly put: (change: Partial<Then>) => void;
  readonly onRemove: () => void;
}

function EffectRow(props: EffectRowProps): JSX.Element {
  const id = createUniqueId();
  const label = (): string => t(`rules.then.${props.of}`);
  return (
    <FieldRow
      label={label()}
      for={props.of === "require" ? id : undefined}
      onRemove={props.onRemove}
    >
      <Switch>
        <Match when={props.of === "require"}>
          <SelectorField
            id={id}
            label={label()}
            value={props.then.require ?? ""}
            labels={props.labels}
            error={props.errorOf("then.require")}
            onInput={(require) => props.put({ require })}
          />
        </Match>
        <Match when={props.of === "prefer"}>
          <Preferences
            preferences={props.then.prefer ?? []}
            onChange={(prefer) => props.put({ prefer: prefer.length === 0 ? undefined : prefer })}
            labels={props.labels}
            errorOf={props.errorOf}
            onFault={props.onFault}
          />
        </Match>
        <Match when={props.of === "strategy"}>
          <Segmented
            label={label()}
            value={props.then.strategy}
            options={(["spread", "pack"] as const).map((value) => ({
              value,
              text: t(`rules.strategy.${value}`),
            }))}
            onChange={(strategy) => props.put({ strategy })}
          />
        </Match>
        <Match when={props.of === "resources"}>
          <ResourceFields
            resources={props.then.resources ?? {}}
            onChange={(resources) => props.put({ resources: orNothing(resources) })}
            onFault={props.onFault}
          />
        </Match>
        <Match when={props.of === "limits"}>
          <LimitFields
            limits={props.then.limits ?? {}}
            onChange={(limits) => props.put({ limits: orNothing(limits) })}
            onFault={props.onFault}
          />
        </Match>
        <Match when={props.of === "lifetime"}>
          <LifetimeFields
            minutes={props.then.lifetime?.maxMinutes}
            onChange={(maxMinutes) =>
              props.put({ lifetime: maxMinutes === undefined ? undefined : { maxMinutes } })
            }
            onFault={(fault) => props.onFault("then.lifetime", fault)}
          />
        </Match>
        <Match when={props.of === "dedicate"}>
          <Segmented
            label={label()}
            value={
              props.then.dedicate === undefined ? undefined : props.then.dedicate ? "yes" : "no"
            }
            options={(["yes", "no"] as const).map((value) => ({
              value,
              text: t(`rules.dedicate.${value}`),
            }))}
            onChange={(value) => props.put({ dedicate: value === "yes" })}
          />
        </Match>
        <Match when={props.of === "priority"}>
          <div class={styles["several"]}>
            <NumberInput
              label={t("rules.priorityHint")}
              value={props.then.priority}
              bounds={{ kind: "whole", ...bounds.priority }}
              onChange={(priority) => props.put({ priority })}
              onFault={(fault) => props.onFault("then.priority", fault)}
            />
          </div>
        </Match>
      </Switch>
    </FieldRow>
  );
}

/** Of fields that are all empty nothing stays. */
export function orNothing<T extends object>(value: T): T | undefined {
  return Object.values(value).every((it) => it === undefined) ? undefined : value;
}

type Limits = NonNullable<Then["limits"]>;
const limits = ["perPerson", "perExperiment", "perBeamline", "total"] as const;

function LimitFields(props: {
  readonly limits: Limits;
  readonly onChange: (limits: Limits) => void;
  readonly onFault: (path: string, fault: boolean) => void;
}): JSX.Element {
  return (
    <div class={styles["several"]}>
      <For each={limits}>
        {(it) => (
          <NumberInput
            label={t(`rules.limits.${it}`)}
            value={props.limits[it]}
            bounds={{ kind: "whole", ...bounds.instances }}
            placeholder={t("rules.noLimit")}
            onChange={(value) => props.onChange({ ...props.limits, [it]: value })}
            onFault={(fault) => props.onFault(`then.limits.${it}`, fault)}
          />
        )}
      </For>
    </div>
  );
}
