import { Show, type JSX } from "solid-js";
import { t } from "../../../messages/rules.ts";
import { NumberInput } from "./number-input.tsx";
import { bounds } from "./rule-shape.ts";
import type { Then } from "./rule-text.ts";
import styles from "./form.module.css";

type Resources = NonNullable<Then["resources"]>;

export const gib = 2 ** 30;
export const gibBounds = { least: 0, most: 1_000_000, above: true } as const;

interface ResourceFieldsProps {
  readonly resources: Resources;
  readonly onChange: (resources: Resources) => void;
  readonly onFault: (path: string, fault: boolean) => void;
  /** Of a rule: what is left empty stays as the environment says. */
  readonly asEnvironment?: boolean;
  /** What stands before them. */
  readonly children?: JSX.Element;
}

/** What one desktop gets of its node. */
export function ResourceFields(props: ResourceFieldsProps): JSX.Element {
  const put = (change: Partial<Record<keyof Resources, number | null | undefined>>): void =>
    props.onChange({ ...props.resources, ...change } as Resources);
  const fault = (name: string) => (it: boolean) => props.onFault(`resources.${name}`, it);
  const unset = (): string => (props.asEnvironment === false ? "" : t("rules.asEnvironment"));
  const whole = (): boolean => props.resources.gpuMemoryBytes === null;
  const hasGpus = (): boolean => props.resources.gpus !== 0;
  return (
    <div class={styles["several"]}>
      {props.children}
      <NumberInput
        label={t("rules.resources.cpus")}
        value={props.resources.cpus}
        bounds={{ ...bounds.cpus, above: true }}
        unit={t("rules.unit.cpus")}
        placeholder={unset()}
        onChange={(cpus) => put({ cpus })}
        onFault={fault("cpus")}
      />
      <NumberInput
        label={t("rules.resources.memory")}
        value={props.resources.memoryBytes}
        bounds={gibBounds}
        per={gib}
        unit="GiB"
        placeholder={unset()}
        onChange={(memoryBytes) => put({ memoryBytes })}
        onFault={fault("memoryBytes")}
      />
      <NumberInput
        label={t("rules.resources.gpus")}
        value={props.resources.gpus}
        bounds={{ kind: "whole", ...bounds.gpus }}
        placeholder={unset()}
        onChange={(gpus) => put({ gpus })}
        onFault={fault("gpus")}
      />
      <Show when={hasGpus()}>
        <div class={styles["number"]}>
          <Show
            when={!whole()}
            fallback={<span class={styles["small"]}>{t("rules.resources.gpuMemory")}</span>}
          >
            <NumberInput
              label={t("rules.resources.gpuMemory")}
              value={props.resources.gpuMemoryBytes ?? undefined}
              bounds={gibBounds}
              per={gib}
              unit="GiB"
              placeholder={unset()}
              onChange={(gpuMemoryBytes) => put({ gpuMemoryBytes })}
              onFault={fault("gpuMemoryBytes")}
            />
          </Show>
          <label class={styles["check"]}>
            <input
              type="checkbox"
              checked={whole()}
              onChange={(event) =>
                put({ gpuMemoryBytes: event.currentTarget.checked ? null : undefined })
              }
            />
            {t("rules.resources.wholeGpu")}
          </label>
        </div>
      </Show>
    </div>
  );
}
