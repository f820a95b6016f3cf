import { createSignal, Show, type JSX } from "solid-js";
import type { ImportMode, ImportWish } from "../../api/import-calls.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { HomeLink } from "../../components/home-link.tsx";
import { usePageTitle } from "../../components/page-title.ts";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { Button } from "../../kit/button.tsx";
import { Notice } from "../../kit/notice.tsx";
import { t } from "../../messages/messages.ts";
import { ApplyImport } from "./apply-import.tsx";
import { ImportChoices } from "./import-choices.tsx";
import { ImportResult } from "./import-result.tsx";
import { ImportSource } from "./import-source.tsx";
import { createImport } from "./import-state.ts";
import { kindsFor } from "./import-words.ts";
import styles from "./import.module.css";

/** People, beamlines, experiments and members from a spreadsheet. */
export function ImportPage(): JSX.Element {
  const me = useSignedIn();
  usePageTitle(() => t("import.title"));
  return (
    <div class={styles["page"]}>
      <h1 class={styles["title"]}>{t("import.title")}</h1>
      <Show
        when={kindsFor(me().roles).length > 0}
        fallback={
          <Notice
            tone="attention"
            title={t("admin.forbidden")}
            lines={[t("admin.forbiddenNext")]}
            actions={<HomeLink />}
          />
        }
      >
        <Import kinds={kindsFor(me().roles)} />
      </Show>
    </div>
  );
}

function Import(props: { readonly kinds: readonly ImportWish["kind"][] }): JSX.Element {
  const it = createImport();
  const [kind, setKind] = createSignal(props.kinds[0] ?? "members");
  const [mode, setMode] = createSignal<ImportMode>("add");
  const [file, setFile] = createSignal<File | null>(null);
  const [text, setText] = createSignal("");
  const changed = <T,>(set: (value: T) => unknown) => {
    return (value: T): void => {
      set(value);
      it.forget();
    };
  };
  const check = (charset: ImportWish["charset"]): void => {
    const content = file() ?? new Blob([text()]);
    void it.send({ kind: kind(), mode: mode(), file: content, charset }, true);
  };
  return (
    <>
      <form
        class={styles["form"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (file() !== null || text().trim() !== "") check("utf-8");
        }}
      >
        <p class={styles["muted"]}>{t("import.text")}</p>
        <ImportChoices
          kinds={props.kinds}
          kind={kind()}
          mode={mode()}
          onKind={changed(setKind)}
          onMode={changed(setMode)}
        />
        <ImportSource
          file={file()}
          text={text()}
          onFile={changed<File | null>((value) => setFile(() => value))}
          onText={changed(setText)}
        />
        <div>
          <Button
            type="submit"
            variant={it.checked() === null ? "primary" : "default"}
            disabledReason={
              file() === null && text().trim() === ""
                ? t("import.nothing")
                : it.busy() === null
                  ? null
                  : t("import.checking")
            }
          >
            {it.busy() === "check" ? t("import.checking") : t("import.check")}
          </Button>
        </div>
      </form>
      <Show when={it.error() !== null}>
        <ErrorNotice error={it.error()} doing="administer" urgent />
      </Show>
      <Show when={it.checked()}>
        {(checked) => (
          <>
            <ImportResult
              answer={checked().answer}
              lines={checked().lines}
              onWindows={checked().wish.charset === "utf-8" ? () => check("windows-1252") : null}
            />
            <Show when={checked().answer.dryRun}>
              <ApplyImport checked={checked()} busy={it.busy() !== null} send={it.send} />
            </Show>
          </>
        )}
      </Show>
    </>
  );
}
