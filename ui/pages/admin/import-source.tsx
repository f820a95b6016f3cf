import Upload from "lucide-solid/icons/upload";
import { createSignal, createUniqueId, Show, type JSX } from "solid-js";
import { Button } from "../../kit/button.tsx";
import { numberFormat } from "../../messages/formats.ts";
import { locale, t } from "../../messages/messages.ts";
import styles from "./import.module.css";

interface ImportSourceProps {
  readonly file: File | null;
  readonly text: string;
  readonly onFile: (file: File | null) => void;
  readonly onText: (text: string) => void;
}

const kilobytes = (file: File): string =>
  numberFormat(locale()).format(Math.max(1, Math.round(file.size / 1000)));

/** Where the lines come from: a file that is chosen or dropped, or text that is pasted. */
export function ImportSource(props: ImportSourceProps): JSX.Element {
  const textId = createUniqueId();
  return (
    <>
      <Show when={props.file} fallback={<Drop onFile={props.onFile} />}>
        {(file) => (
          <p class={styles["chosen"]}>
            <span class={styles["name"]}>
              {t("import.chosen", { name: file().name, size: kilobytes(file()) })}
            </span>
            <Button onClick={() => props.onFile(null)}>{t("import.discard")}</Button>
          </p>
        )}
      </Show>
      <Show when={props.file === null}>
        <div class={styles["field"]}>
          <label for={textId}>{t("import.paste")}</label>
          <textarea
            id={textId}
            class={styles["paste"]}
            rows={4}
            spellcheck={false}
            autocapitalize="none"
            autocomplete="off"
            value={props.text}
            onInput={(event) => props.onText(event.currentTarget.value)}
          />
        </div>
      </Show>
    </>
  );
}

function Drop(props: { readonly onFile: (file: File) => void }): JSX.Element {
  const [over, setOver] = createSignal(false);
  let input: HTMLInputElement | undefined;
  const take = (files: FileList | null | undefined): void => {
    const file = files?.[0];
    if (file !== undefined) props.onFile(file);
  };
  return (
    // Whoever cannot drag has the button.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      class={`${styles["drop"]} ${over() ? styles["over"] : ""}`}
      role="group"
      aria-label={t("import.file")}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files);
      }}
    >
      <Upload size={20} aria-hidden="true" />
      <Button onClick={() => input?.click()}>{t("import.choose")}</Button>
      <span class={styles["muted"]}>{t("import.drop")}</span>
      <input
        ref={(it) => (input = it)}
        class="visually-hidden"
        type="file"
        accept=".csv,.tsv,.txt,text/csv,text/plain"
        aria-label={t("import.file")}
        tabIndex={-1}
        onChange={(event) => take(event.currentTarget.files)}
      />
    </div>
  );
}
