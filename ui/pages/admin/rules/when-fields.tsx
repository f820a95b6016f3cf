import Plus from "lucide-solid/icons/plus";
import { createSignal, createUniqueId, For, Match, Show, Switch, type JSX } from "solid-js";
import { Menu, MenuItem } from "../../../kit/menu.tsx";
import { t } from "../../../messages/rules.ts";
import { fromLocalInput, toLocalInput, zoneName } from "../local-time.ts";
import { FieldRow } from "./field-row.tsx";
import { finders } from "./finders.ts";
import { PickField } from "./pick-field.tsx";
import type { When } from "./rule-text.ts";
import { Segmented } from "./segmented.tsx";
import styles from "./form.module.css";

const names = ["environment", "beamline", "experiment", "user", "role"] as const;
export const conditions = [...names, "kind", "from", "until"] as const;
type Condition = (typeof conditions)[number];
const isNames = (it: Condition): it is (typeof names)[number] =>
  (names as readonly Condition[]).includes(it);

interface WhenFieldsProps {
  readonly when: When;
  readonly onChange: (when: When) => void;
  /** Those that are offered though nothing is in them yet. */
  readonly begun: readonly Condition[];
  readonly errorOf: (path: string) => string | undefined;
}

/** Which requests a rule is about. What is not named is not looked at. */
export function WhenFields(props: WhenFieldsProps): JSX.Element {
  const [added, setAdded] = createSignal<readonly Condition[]>(props.begun);
  let part: HTMLFieldSetElement | undefined;
  const shown = (): Condition[] =>
    conditions.filter((it) => props.when[it] !== undefined || added().includes(it));
  const put = (change: Partial<Record<Condition, unknown>>): void =>
    props.onChange({ ...props.when, ...change } as When);
  const remove = (it: Condition): void => {
    setAdded((all) => all.filter((other) => other !== it));
    put({ [it]: undefined });
  };
  const add = (it: Condition): void => {
    setAdded((all) => [...all, it]);
    queueMicrotask(() => part?.querySelector<HTMLElement>(`[data-row=${it}] input`)?.focus());
  };
  return (
    <fieldset ref={(it) => (part = it)} class={styles["part"]}>
      <div class={styles["partHead"]}>
        <h3>{t("rules.when")}</h3>
        <span class={styles["muted"]}>
          {shown().length === 0 ? t("rules.whenAll") : t("rules.whenText")}
        </span>
      </div>
      <For each={shown()}>
        {(it) => (
          <div data-row={it}>
            <Show
              when={isNames(it) ? it : null}
              fallback={
                <Other
                  of={it}
                  when={props.when}
                  put={put}
                  onRemove={() => remove(it)}
                  errorOf={props.errorOf}
                />
              }
            >
              {(name) => (
                <Names
                  of={name()}
                  value={props.when[name()]}
                  onChange={(value) => put({ [name()]: value })}
                  onRemove={() => remove(name())}
                  error={props.errorOf(`when.${name()}`)}
                />
              )}
            </Show>
          </div>
        )}
      </For>
      <Show when={shown().length < conditions.length}>
        <Menu
          label={null}
          placement="bottom-start"
          triggerClass={styles["add"] ?? ""}
          trigger={
            <>
              <Plus size={14} aria-hidden="true" />
              {t("rules.addCondition")}
            </>
          }
          onClosed={() => {}}
        >
          <For each={conditions.filter((it) => !shown().includes(it))}>
            {(it) => (
              <MenuItem onSelect={() => add(it)} note={t(`rules.when.${it}.text`)}>
                {t(`rules.when.${it}`)}
              </MenuItem>
            )}
          </For>
        </Menu>
      </Show>
    </fieldset>
  );
}

/** One name as it is, several as a list. */
const asNames = (value: readonly string[]): string | readonly string[] | undefined =>
  value.length === 0 ? undefined : value.length === 1 ? value[0] : value;

function Names(props: {
  readonly of: (typeof names)[number];
  readonly value: string | readonly string[] | undefined;
  readonly onChange: (value: string | readonly string[] | undefined) => void;
  readonly onRemove: () => void;
  readonly error: string | undefined;
}): JSX.Element {
  const id = createUniqueId();
  const values = (): readonly string[] => [props.value ?? []].flat() as readonly string[];
  return (
    <FieldRow label={t(`rules.when.${props.of}`)} for={id} onRemove={props.onRemove}>
      <PickField
        id={id}
        label={t(`rules.when.${props.of}`)}
        values={values()}
        onChange={(it) => props.onChange(asNames(it))}
        find={finders[props.of]}
        placeholder={t("rules.anyOf")}
        error={props.error}
      />
    </FieldRow>
  );
}

function Other(props: {
  readonly of: Condition;
  readonly when: When;
  readonly put: (change: Partial<Record<Condition, unknown>>) => void;
  readonly onRemove: () => void;
  readonly errorOf: (path: string) => string | undefined;
}): JSX.Element {
  const id = createUniqueId();
  const time = (): "from" | "until" | null =>
    props.of === "from" || props.of === "until" ? props.of : null;
  return (
    <Switch>
      <Match when={props.of === "kind"}>
        <FieldRow label={t("rules.when.kind")} onRemove={props.onRemove}>
          <Segmented
            label={t("rules.when.kind")}
            value={props.when.kind}
            options={(["desktop", "service"] as const).map((value) => ({
              value,
              text: t(`rules.kind.${value}`),
            }))}
            onChange={(kind) => props.put({ kind })}
          />
        </FieldRow>
      </Match>
      <Match when={time()}>
        {(of) => (
          <FieldRow label={t(`rules.when.${of()}`)} for={id} onRemove={props.onRemove}>
            <input
              id={id}
              class={styles["input"]}
              type="datetime-local"
              value={toLocalInput(props.when[of()] ?? null)}
              title={t("admin.zone", { zone: zoneName() })}
              aria-invalid={props.errorOf(`when.${of()}`) === undefined ? undefined : "true"}
              aria-describedby={`${id}-hint`}
              onInput={(event) =>
                props.put({ [of()]: fromLocalInput(event.currentTarget.value) ?? undefined })
              }
            />
            <p
              id={`${id}-hint`}
              class={props.errorOf(`when.${of()}`) ? styles["fault"] : styles["muted"]}
            >
              {props.errorOf(`when.${of()}`) ?? t("admin.zone", { zone: zoneName() })}
            </p>
          </FieldRow>
        )}
      </Match>
    </Switch>
  );
}
