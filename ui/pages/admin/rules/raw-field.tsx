import { createSignal, createUniqueId, For, Show, type JSX } from "solid-js";
import { Button } from "../../../kit/button.tsx";
import { t } from "../../../messages/rules.ts";
import { CaretLine } from "./caret-line.tsx";
import { textFaultText } from "./fault-words.ts";
import { placeOf } from "./json-text.ts";
import { readRule, type RuleText, type TextFault } from "./rule-text.ts";
import styles from "./form.module.css";

interface RawFieldProps {
  /** What the fields say. */
  readonly text: string;
  /** What was typed here and has faults; null: it is as the fields say. */
  readonly raw: string | null;
  readonly onRule: (rule: RuleText) => void;
  readonly onRaw: (raw: string | null) => void;
}

const shownFaults = 5;

/** The rule as text. What is typed here shows in the fields, and the other way round. */
export function RawField(props: RawFieldProps): JSX.Element {
  const id = createUniqueId();
  // While somebody types here the text is theirs, however the fields would write it.
  const [own, setOwn] = createSignal<string | null>(props.raw);
  let area: HTMLTextAreaElement | undefined;
  const shown = (): string => props.raw ?? own() ?? props.text;
  const faults = (): readonly TextFault[] => readRule(shown()).faults;
  const rows = (): number => Math.min(Math.max(shown().split("\n").length + 1, 5), 24);
  const type = (text: string): void => {
    setOwn(text);
    const { rule } = readRule(text);
    if (rule === null) return props.onRaw(text);
    props.onRaw(null);
    props.onRule(rule);
  };
  const put = (it: TextFault): void => {
    area?.focus();
    area?.setSelectionRange(it.at, it.end);
  };
  const drop = (): void => {
    setOwn(null);
    props.onRaw(null);
    area?.focus();
  };
  return (
    <div class={styles["stack"]}>
      <div class={styles["partHead"]}>
        <h3>
          <label for={id}>{t("rules.text")}</label>
        </h3>
        <span class={styles["muted"]}>{t("rules.textText")}</span>
      </div>
      <textarea
        ref={(it) => (area = it)}
        id={id}
        class={styles["raw"]}
        rows={rows()}
        value={shown()}
        wrap="off"
        spellcheck={false}
        autocomplete="off"
        autocapitalize="none"
        aria-invalid={faults().length === 0 ? undefined : "true"}
        aria-describedby={faults().length === 0 ? undefined : `${id}-faults`}
        onInput={(event) => type(event.currentTarget.value)}
        // As the fields write it, once nobody types.
        onBlur={() => setOwn(null)}
      />
      <Show when={faults().length > 0}>
        <ul id={`${id}-faults`} class={styles["faults"]}>
          <For each={faults().slice(0, shownFaults)}>
            {(it) => <Fault text={shown()} fault={it} onGo={() => put(it)} />}
          </For>
          <Show when={faults().length > shownFaults}>
            <li class={styles["muted"]}>
              {t("rules.moreFaults", { count: faults().length - shownFaults })}
            </li>
          </Show>
        </ul>
      </Show>
      <Show when={props.raw !== null}>
        <div>
          <Button size="small" onClick={drop}>
            {t("rules.dropText")}
          </Button>
        </div>
      </Show>
    </div>
  );
}

function Fault(props: {
  readonly text: string;
  readonly fault: TextFault;
  readonly onGo: () => void;
}): JSX.Element {
  const place = () => placeOf(props.text, props.fault.at);
  const line = (): string => props.text.split("\n")[place().line - 1] ?? "";
  const at = (): number => place().column - 1;
  return (
    <li class={styles["fault"]}>
      <CaretLine
        text={line()}
        at={at()}
        end={Math.min(at() + props.fault.end - props.fault.at, line().length)}
      />
      <button
        type="button"
        class={styles["goto"]}
        title={t("rules.goThere")}
        // The text keeps the focus: losing it would write the text anew, and this line with it.
        onPointerDown={(event) => event.preventDefault()}
        onClick={() => props.onGo()}
      >
        {t("rules.atPlace", { ...place(), fault: textFaultText(props.fault) })}
      </button>
    </li>
  );
}
