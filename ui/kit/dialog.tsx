import { AlertDialog } from "@kobalte/core/alert-dialog";
import { Dialog as Kobalte } from "@kobalte/core/dialog";
import { createEffect, on, type JSX } from "solid-js";
import { Button } from "./button.tsx";
import styles from "./dialog.module.css";

interface ConfirmProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  /** The consequences, as paragraphs. */
  readonly children: JSX.Element;
  readonly confirm: string;
  readonly cancel: string;
  readonly danger?: boolean | undefined;
  readonly onConfirm: () => void;
}

/**
 * Gives the focus back to what a dialog was opened from. Where that was a menu, it is gone by then,
 * and its button stands for it.
 */
function useWayBack(open: () => boolean): (event: Event) => void {
  let from: HTMLElement | null = null;
  createEffect(
    on(open, (isOpen) => {
      if (!isOpen) return;
      const active = document.activeElement as HTMLElement | null;
      const button = active?.closest('[role="menu"]')?.getAttribute("aria-labelledby") ?? null;
      from = button === null ? active : document.getElementById(button);
    }),
  );
  return (event) => {
    event.preventDefault();
    from?.focus();
  };
}

/** Asks before something that cannot be undone. Focus starts on the harmless answer. */
export function Confirm(props: ConfirmProps): JSX.Element {
  const back = useWayBack(() => props.open);
  return (
    <AlertDialog open={props.open} onOpenChange={props.onOpenChange}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay class={styles["overlay"]} />
        <div class={styles["positioner"]}>
          <AlertDialog.Content class={styles["content"]} onCloseAutoFocus={back}>
            <AlertDialog.Title as="h2" class={styles["title"]}>
              {props.title}
            </AlertDialog.Title>
            <AlertDialog.Description as="div" class={styles["body"]}>
              {props.children}
            </AlertDialog.Description>
            <div class={styles["actions"]}>
              <AlertDialog.CloseButton as={Button} aria-label={props.cancel}>
                {props.cancel}
              </AlertDialog.CloseButton>
              <Button
                variant={props.danger === true ? "danger" : "primary"}
                onClick={() => {
                  props.onConfirm();
                  props.onOpenChange(false);
                }}
              >
                {props.confirm}
              </Button>
            </div>
          </AlertDialog.Content>
        </div>
      </AlertDialog.Portal>
    </AlertDialog>
  );
}

interface DialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  readonly children: JSX.Element;
  /** A press beside it does not close it: what it shows would be lost. */
  readonly stays?: boolean | undefined;
  /** Room for two columns. */
  readonly wide?: boolean | undefined;
}

/** A dialog with content of its own, a form for example. */
export function Dialog(props: DialogProps): JSX.Element {
  const back = useWayBack(() => props.open);
  return (
    <Kobalte open={props.open} onOpenChange={props.onOpenChange}>
      <Kobalte.Portal>
        <Kobalte.Overlay class={styles["overlay"]} />
        <div class={styles["positioner"]}>
          <Kobalte.Content
            class={`${styles["content"]} ${props.wide === true ? styles["wide"] : ""}`}
            role="dialog"
            aria-modal="true"
            onPointerDownOutside={(event) => props.stays === true && event.preventDefault()}
            onCloseAutoFocus={back}
          >
            <Kobalte.Title as="h2" class={styles["title"]}>
              {props.title}
            </Kobalte.Title>
            {props.children}
          </Kobalte.Content>
        </div>
      </Kobalte.Portal>
    </Kobalte>
  );
}
