import { createSignal, For, Show, type JSX } from "solid-js";
import type { ImportAnswer } from "../../../gateway/import-schemas.ts";
import { Button } from "../../kit/button.tsx";
import { Notice } from "../../kit/notice.tsx";
import { Table, type Column } from "../../kit/table.tsx";
import { t } from "../../messages/messages.ts";
import { countWords, faultWord } from "./import-words.ts";
import styles from "./import.module.css";

type Fault = ImportAnswer["faults"][number];
type Line = ImportAnswer["lines"][number];

interface ImportResultProps {
  readonly answer: ImportAnswer;
  /** The file's lines, from its first. */
  readonly lines: readonly string[];
  /** Reads the file once more, as what Western spreadsheets write. */
  readonly onWindows: (() => void) | null;
}

/** What an import does, or would, line by line, and what is wrong with it. */
export function ImportResult(props: ImportResultProps): JSX.Element {
  const faults = (): number => props.answer.counts.faults;
  return (
    <section class={styles["result"]} aria-labelledby="import-result">
      <h2 id="import-result" class={styles["heading"]} tabIndex={-1}>
        {props.answer.dryRun ? t("import.result") : t("import.resultDone")}
      </h2>
      <p>{countWords(props.answer.counts)}</p>
      <Show when={faults() > 0}>
        <Faults {...props} />
      </Show>
      <Show when={props.answer.removed?.length}>
        {(count) => <Removed all={props.answer.removed ?? []} count={count()} />}
      </Show>
      <Show when={props.answer.lines.length > 0}>
        <Effects lines={props.answer.lines} />
      </Show>
    </section>
  );
}

const most = 100;

function placeOf({ column, columnName }: Fault): string {
  if (columnName !== null) return columnName;
  return column === null ? t("import.wholeLine") : t("import.number", { number: column });
}

/** The first rows of many, and a way to more. */
function Part<T>(props: {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
}): JSX.Element {
  const [shown, setShown] = createSignal(most);
  return (
    <>
      <Table label={props.label} columns={props.columns} rows={props.rows.slice(0, shown())} />
      <Show when={props.rows.length > shown()}>
        <Button onClick={() => setShown((before) => before * 3)}>{t("import.more")}</Button>
      </Show>
    </>
  );
}

function Faults(props: ImportResultProps): JSX.Element {
  const wrongEncoding = (): boolean =>
    props.answer.faults.some((it) => it.code === "wrong_encoding");
  const columns = (): Column<Fault>[] => [
    { head: t("import.line"), cell: (it) => <span>{it.line}</span> },
    {
      head: t("import.column"),
      cell: (it) => <span>{placeOf(it)}</span>,
    },
    {
      head: t("import.fault"),
      title: true,
      cell: (it) => (
        <>
          <strong class={styles["fault"]}>{faultWord(it.code)}</strong>
          {/* The server's own words are English. */}
          <span class={styles["words"]} lang="en">
            {it.message}
          </span>
        </>
      ),
    },
    {
      head: t("import.content"),
      cell: (it) => <code class={styles["line"]}>{props.lines[it.line - 1]?.slice(0, 120)}</code>,
    },
  ];
  return (
    <>
      <Notice
        tone="error"
        title={t("import.faultsTitle", { count: props.answer.counts.faults })}
        lines={[
          t("import.faultsText"),
          props.answer.cut ? t("import.faultsCut", { count: props.answer.cut.faults }) : null,
        ]}
        actions={
          wrongEncoding() && props.onWindows !== null ? (
            <Button onClick={() => props.onWindows?.()}>{t("import.asWindows")}</Button>
          ) : undefined
        }
      />
      <Part label={t("import.fault")} columns={columns()} rows={props.answer.faults} />
    </>
  );
}

function Removed(props: { readonly all: readonly string[]; readonly count: number }): JSX.Element {
  const rest = (): number => props.count - 20;
  return (
    <Notice
      tone="attention"
      title={t("import.removedTitle", { count: props.count })}
      lines={[
        ...props.all.slice(0, 20),
        rest() > 0 ? t("import.andMore", { count: rest() }) : null,
      ]}
    />
  );
}

function Effects(props: { readonly lines: readonly Line[] }): JSX.Element {
  const columns = (): Column<Line>[] => [
    { head: t("import.line"), cell: (it) => <span>{it.line}</span> },
    {
      head: t("import.subject"),
      title: true,
      cell: (it) => <code class={styles["subject"]}>{it.subject}</code>,
    },
    {
      head: t("import.effect"),
      cell: (it) => (
        <span class={`${styles["mark"]} ${styles[it.effect]}`}>
          {t(`import.effect.${it.effect}`)}
        </span>
      ),
    },
    {
      head: t("import.changes"),
      cell: (it) =>
        it.changes === undefined ? null : (
          <ul class={styles["changes"]}>
            <For each={it.changes}>
              {(change) => (
                <li>
                  {t("import.change", {
                    column: change.column,
                    from: change.from || t("import.empty"),
                    to: change.to || t("import.empty"),
                  })}
                </li>
              )}
            </For>
          </ul>
        ),
    },
  ];
  return <Part label={t("import.effect")} columns={columns()} rows={props.lines} />;
}
