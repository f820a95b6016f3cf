import { Match, Switch, type JSX } from "solid-js";
import type { Environment } from "../../gateway/schemas.ts";
import { Select } from "../kit/select.tsx";
import { t } from "../messages/messages.ts";

interface ExperimentChoiceProps {
  readonly environment: Environment;
  /** A code; empty: without an experiment. */
  readonly value: string;
  readonly onChange: (code: string) => void;
}

/** For which of their experiments someone starts an environment; nothing where there is no choice. */
export function ExperimentChoice(props: ExperimentChoiceProps): JSX.Element {
  const codes = (): readonly string[] => props.environment.experiments;
  const needed = (): boolean => props.environment.needsExperiment;
  const named = (code: string) => ({ value: code, text: t("catalogue.experiment", { code }) });
  return (
    <Switch>
      <Match when={needed() && codes().length === 1}>
        <span>{t("catalogue.experiment", { code: codes()[0] ?? "" })}</span>
      </Match>
      <Match when={codes().length > 0}>
        <Select
          label={t("catalogue.experimentOf", { name: props.environment.name })}
          value={props.value}
          options={[
            ...(needed() ? [] : [{ value: "", text: t("catalogue.noExperiment") }]),
            ...codes().map(named),
          ]}
          onChange={(code) => props.onChange(code)}
        />
      </Match>
    </Switch>
  );
}
