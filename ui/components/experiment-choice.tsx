import { Match, Switch, type JSX } from "solid-js";
import { Select } from "../kit/select.tsx";
import { t } from "../messages/messages.ts";
import { experimentText, type CatalogueView } from "./catalogue-view.ts";

interface ExperimentChoiceProps {
  readonly view: CatalogueView;
  /** Of the environment. */
  readonly slug: string;
  /** A code; empty: without an experiment. */
  readonly value: string;
  readonly onChange: (code: string) => void;
}

/** For which of their experiments someone starts an environment; nothing where there is no choice. */
export function ExperimentChoice(props: ExperimentChoiceProps): JSX.Element {
  const choices = (): readonly string[] => props.view.choices(props.slug);
  return (
    <Switch>
      <Match when={choices().length > 1}>
        <Select
          label={t("catalogue.experimentOf", {
            name: props.view.environment(props.slug)?.name ?? "",
          })}
          value={props.value}
          options={choices().map((value) => ({ value, text: experimentText(props.view, value) }))}
          onChange={(code) => props.onChange(code)}
        />
      </Match>
      <Match when={choices()[0]}>
        {(code) => <span>{experimentText(props.view, code())}</span>}
      </Match>
    </Switch>
  );
}
