import { useBeforeLeave } from "@solidjs/router";
import { createEffect, createSignal, onCleanup, type JSX } from "solid-js";
import { Confirm, Dialog } from "../../kit/dialog.tsx";
import { t } from "../../messages/admin.ts";

interface FormDialogProps {
  readonly open: boolean;
  readonly title: string;
  readonly wide?: boolean | undefined;
  /** It is to be closed; nothing that matters is lost by it. */
  readonly onClose: () => void;
  readonly children: (form: DialogForm) => JSX.Element;
}

export interface DialogForm {
  readonly onTouched: () => void;
  readonly onCancel: () => void;
  /** What was typed is safe: closes without asking. */
  readonly onDone: () => void;
}

/** A dialog with a form. Whoever closes it, or leaves the page, after having typed is asked first. */
export function FormDialog(props: FormDialogProps): JSX.Element {
  const [touched, setTouched] = createSignal(false);
  const [asking, setAsking] = createSignal<(() => void) | null>(null);
  const close = (): void => {
    setTouched(false);
    props.onClose();
  };
  const leave = (go: () => void): void => {
    if (!touched()) return go();
    setAsking(() => go);
  };
  useBeforeLeave((event) => {
    if (!props.open || !touched() || event.defaultPrevented) return;
    event.preventDefault();
    leave(() => {
      close();
      event.retry(true);
    });
  });
  createEffect(() => {
    if (!props.open || !touched()) return;
    const warn = (event: BeforeUnloadEvent): void => {
      event.preventDefault();
      // Chromium before 119 looks at nothing else.
      event.returnValue = true;
    };
    window.addEventListener("beforeunload", warn);
    onCleanup(() => window.removeEventListener("beforeunload", warn));
  });
  return (
    <>
      <Dialog
        open={props.open}
        onOpenChange={(open) => !open && leave(close)}
        title={props.title}
        wide={props.wide}
      >
        {props.children({
          onTouched: () => setTouched(true),
          onCancel: () => leave(close),
          onDone: close,
        })}
      </Dialog>
      <Confirm
        open={asking() !== null}
        onOpenChange={(open) => !open && setAsking(null)}
        title={t("admin.discardTitle")}
        confirm={t("admin.discard")}
        cancel={t("admin.keepEditing")}
        danger
        onConfirm={() => asking()?.()}
      >
        <p>{t("admin.discardText")}</p>
      </Confirm>
    </>
  );
}
