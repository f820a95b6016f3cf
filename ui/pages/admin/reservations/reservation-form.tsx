import { createSignal, Show, type JSX } from "solid-js";
import type {
  AdminReservation,
  ReservationDetail,
} from "../../../../gateway/reservation-schemas.ts";
import { createReservation, patchReservation } from "../../../api/reservation-calls.ts";
import { listLabels } from "../../../api/rule-calls.ts";
import { useQuery } from "../../../api/use-query.ts";
import { limit } from "../../../components/limit.ts";
import { useSignedIn } from "../../../components/signed-in-context.ts";
import { Field } from "../../../kit/field.tsx";
import { t } from "../../../messages/rules.ts";
import { AdminForm } from "../admin-form.tsx";
import type { DialogForm } from "../form-dialog.tsx";
import { editedTime } from "../local-time.ts";
import { NumberInput } from "../rules/number-input.tsx";
import { ResourceFields } from "../rules/resource-fields.tsx";
import { goToFault } from "../rules/selector-field.tsx";
import { faultsIn, faultsOf, Unsendable } from "./reservation-faults.ts";
import { Nodes, Whom } from "./reservation-fields.tsx";
import { TimeField } from "../time-field.tsx";
import { bodyOf, changesIn, entriesOf, newEntries, type Entries } from "./reservation-entries.ts";
import admin from "../admin.module.css";
import form from "../rules/form.module.css";

interface ReservationFormProps extends DialogForm {
  readonly reservation: AdminReservation | null;
  readonly day: Date;
  readonly onSaved: (reservation: ReservationDetail, made: boolean) => void;
  readonly children?: JSX.Element;
}

export function ReservationForm(props: ReservationFormProps): JSX.Element {
  const me = useSignedIn();
  const isAdmin = me().roles.includes("admin");
  const before = props.reservation;
  const [entries, setEntries] = createSignal<Entries>(
    before === null ? newEntries("experiment", props.day) : entriesOf(before),
  );
  const bad = new Set<string>();
  const put = (change: Partial<Entries>): void => {
    props.onTouched();
    setEntries((it) => ({ ...it, ...change }));
  };
  const onFault = (path: string, fault: boolean): void =>
    void (fault ? bad.add(path) : bad.delete(path));
  // Nodes are the administrators' business: staff type labels that they know.
  const labels = useQuery(() => ({
    queryKey: ["admin-node-labels"],
    queryFn: ({ signal }) => (isAdmin ? listLabels(signal) : Promise.resolve({ items: [] })),
    staleTime: 60_000,
  }));

  const save = async (data: FormData): Promise<void> => {
    const it: Entries = {
      ...entries(),
      title: String(data.get("title") ?? ""),
      from: editedTime(entries().from, String(data.get("from") ?? "")),
      until: editedTime(entries().until, String(data.get("until") ?? "")),
    };
    const faults = faultsIn(it);
    if (Object.keys(faults).length > 0 || bad.size > 0) {
      // Behind the form's own way to its first fault, which knows no characters.
      queueMicrotask(() =>
        goToFault(document.querySelector<HTMLElement>("[role=dialog] [aria-invalid=true]")),
      );
      throw new Unsendable(faults);
    }
    if (before === null) return props.onSaved(await createReservation(bodyOf(it)), true);
    const changes = changesIn(before, it);
    if (Object.keys(changes).length === 0) return props.onDone();
    props.onSaved(await patchReservation(before.id, changes), false);
  };

  return (
    <AdminForm
      submit={before === null ? t("reservations.add") : t("users.save")}
      onCancel={props.onCancel}
      onTouched={props.onTouched}
      faultsOf={faultsOf}
      onSubmit={save}
    >
      {(faults) => (
        <>
          {props.children}
          <Field
            label={t("reservations.title")}
            name="title"
            {...limit(200)}
            value={entries().title}
            hint={faults().title === undefined ? t("reservations.titleHint") : undefined}
            error={faults().title}
            autocomplete="off"
            required
          />
          <Show when={before === null}>
            <Whom of={entries()} put={put} admin={isAdmin} error={faults().subject} />
          </Show>
          <div class={admin["two"]}>
            <TimeField
              label={t("rules.when.from")}
              name="from"
              value={entries().from}
              error={faults().from}
            />
            <TimeField
              label={t("rules.when.until")}
              name="until"
              value={entries().until}
              error={faults().until}
            />
          </div>
          <fieldset class={form["part"]}>
            <legend class={form["legend"]}>{t("reservations.capacity")}</legend>
            <ResourceFields
              resources={resourcesOf(entries())}
              asEnvironment={false}
              onChange={(it) =>
                put({
                  cpus: it.cpus,
                  memoryBytes: it.memoryBytes,
                  gpus: it.gpus,
                  gpuMemoryBytes: it.gpuMemoryBytes,
                })
              }
              onFault={onFault}
            >
              <NumberInput
                label={t("reservations.seats")}
                value={entries().seats}
                bounds={{ kind: "whole", least: 1, most: 1000 }}
                unit={t("reservations.desktops")}
                onChange={(seats) => put({ seats })}
                onFault={(fault) => onFault("seats", fault)}
              />
            </ResourceFields>
            <Show when={faults().seats ?? faults().size}>
              {(text) => (
                <p class={form["fault"]} role="alert">
                  {text()}
                </p>
              )}
            </Show>
          </fieldset>
          <Nodes
            value={entries().selector}
            onInput={(selector) => put({ selector })}
            labels={labels.data?.items ?? []}
            error={faults().selector}
          />
        </>
      )}
    </AdminForm>
  );
}

/** Those that are there; what is empty is not. */
function resourcesOf({ cpus, memoryBytes, gpus, gpuMemoryBytes }: Entries) {
  return {
    ...(cpus === undefined ? {} : { cpus }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(gpus === undefined ? {} : { gpus }),
    ...(gpuMemoryBytes === undefined ? {} : { gpuMemoryBytes }),
  };
}
