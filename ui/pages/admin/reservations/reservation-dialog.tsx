import { createSignal, Show, type JSX } from "solid-js";
import type { AdminReservation } from "../../../../gateway/reservation-schemas.ts";
import { cancelReservation } from "../../../api/reservation-calls.ts";
import { Button } from "../../../kit/button.tsx";
import { Confirm } from "../../../kit/dialog.tsx";
import { showToast } from "../../../kit/toasts.ts";
import { t } from "../../../messages/rules.ts";
import { FormDialog } from "../form-dialog.tsx";
import { toastRefusal } from "../toast-refusal.ts";
import { overlapLines, Overlaps, roomText } from "./overlaps.tsx";
import { phaseAt } from "./reservation-entries.ts";
import { ReservationForm } from "./reservation-form.tsx";
import { spanText } from "./reservation-words.ts";
import styles from "./reservations.module.css";

/** Makes a reservation, changes one, or cancels it. */
export function ReservationDialog(props: {
  readonly open: boolean;
  /** null: a new one, on `day`. */
  readonly reservation: AdminReservation | null;
  readonly day: Date;
  readonly now: number;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}): JSX.Element {
  const [cancelling, setCancelling] = createSignal<AdminReservation | null>(null);
  const cancel = async (it: AdminReservation): Promise<void> => {
    try {
      await cancelReservation(it.id);
      showToast({ tone: "info", title: t("reservations.cancelled", { title: it.title }) });
    } catch (error) {
      toastRefusal(error);
    }
    props.onChanged();
  };
  const live = (it: AdminReservation): boolean => /^(now|upcoming)$/.test(phaseAt(it, props.now));
  return (
    <>
      <FormDialog
        open={props.open}
        onClose={() => props.onClose()}
        title={props.reservation?.title ?? t("reservations.addTitle")}
        wide
      >
        {(form) => (
          <ReservationForm
            {...form}
            reservation={props.reservation}
            day={props.day}
            onSaved={(it, made) => {
              form.onDone();
              props.onChanged();
              const said = made ? "admin.created" : "users.saved";
              showToast({ tone: "info", title: t(said, { name: it.title }) });
              if (it.missing > 0)
                showToast({
                  tone: "attention",
                  title: roomText(it),
                  lines: overlapLines(it),
                });
            }}
          >
            <Show when={props.reservation}>
              {(it) => (
                <>
                  <div class={styles["facts"]}>
                    <span>
                      {t("reservations.madeBy", { name: it().createdBy })}
                      {" · "}
                      {t("reservations.seatsTaken", { taken: it().seatsTaken, seats: it().seats })}
                    </span>
                    <Show when={live(it())}>
                      <Button
                        size="small"
                        onClick={() => {
                          const of = it();
                          form.onDone();
                          setCancelling(of);
                        }}
                      >
                        {t("reservations.cancel")}
                      </Button>
                    </Show>
                  </div>
                  <Show when={live(it())}>
                    <Overlaps id={it().id} />
                  </Show>
                </>
              )}
            </Show>
          </ReservationForm>
        )}
      </FormDialog>
      <Confirm
        open={cancelling() !== null}
        onOpenChange={(open) => !open && setCancelling(null)}
        title={t("reservations.cancelTitle", { title: cancelling()?.title ?? "" })}
        confirm={t("reservations.cancelIt")}
        cancel={t("reservations.keep")}
        danger
        onConfirm={() => {
          const it = cancelling();
          if (it !== null) void cancel(it);
        }}
      >
        <p>{cancelling() === null ? "" : spanText(cancelling() as AdminReservation)}</p>
        <p>{t("reservations.cancelText")}</p>
      </Confirm>
    </>
  );
}
