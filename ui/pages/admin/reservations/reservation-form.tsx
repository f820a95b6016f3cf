import { createSignal, createUniqueId, Show, type JSX } from "solid-js";
import type { AdminReservation, ReservationDetail } from "../../../../gateway/scheduler-schemas.ts";
import { ApiError } from "../../../api/errors.ts";
import { createReservation, patchReservation } from "../../../api/reservation-calls.ts";
import { listLabels } from "../../../api/rule-calls.ts";
import { useQuery } from "../../../api/use-query.ts";
import { limit } from "../../../components/limit.ts";
import { useSignedIn } from "../../../components/signed-in-context.ts";
import { Choice } from "../../../kit/choice.tsx";
import { Field } from "../../../kit/field.tsx";
import { t } from "../../../messages/rules.ts";
import { AdminForm } from "../admin-form.tsx";
import { faultsFrom, type Faults } from "../faults.ts";
import type { DialogForm } from "../form-dialog.tsx";
import { editedTime } from "../local-time.ts";
import { finders } from "../rules/finders.ts";
import { NumberInput } from "../rules/number-input.tsx";
import { PickField } from "../rules/pick-field.tsx";
import { ResourceFields } from "../rules/resource-fields.tsx";
import { selectorFault } from "../rules/selector-fault.ts";
import { goToFault, SelectorField } from "../rules/selector-field.tsx";
import { TimeField } from "../time-field.tsx";
import {
  bodyOf,
  changesIn,
  entriesOf,
  missingIn,
  newEntries,
  type Entries,
} from "./reservation-entries.ts";
import admin from "../admin.module.css";
import form from "../rules/form.module.css";

interface ReservationFormProps extends DialogForm {
  readonly reservation: AdminReservation | null;
  readonly day: Date;
  readonly onSaved: (reservation: ReservationDetail, made: boolean) => void;
  readonly children?: JSX.Element;
}

type Field = "title" | "subject" | "from" | "until" | "seats" | "size" | "selector";
/** Something in the form is wrong and nothing was sent. */
class Unsendable extends Error {
  readonly faults: Faults<Field>;
  constructor(faults: Faults<Field>) {
    super("the form has faults");
    this.faults = faults;
  }
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
    if (Object.keys(faults).length > 0 || bad.size > 0) throw new Unsendable(faults);
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
                bounds={{ kind: "whole", least: 1, most: 10_000 }}
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

const kinds = ["experiment", "group", "beamline"] as const;

/** Whom it is for, which stays as it is once it is made. */
function Whom(props: {
  readonly of: Entries;
  readonly put: (change: Partial<Entries>) => void;
  readonly admin: boolean;
  readonly error: string | undefined;
}): JSX.Element {
  const id = createUniqueId();
  // Groups belong to no beamline: those who look after one cannot see them.
  const offered = kinds.filter((it) => props.admin || it !== "group");
  return (
    <div class={admin["two"]}>
      <Choice
        label={t("reservations.for")}
        value={props.of.kind}
        options={offered.map((value) => ({ value, text: t(`reservations.kind.${value}`) }))}
        onChange={(value) => {
          const kind = kinds.find((it) => it === value) ?? "experiment";
          props.put({ kind, subject: "" });
        }}
      />
      <div class={form["named"]}>
        <label for={id}>{t(`reservations.kind.${props.of.kind}`)}</label>
        <PickField
          id={id}
          label={t(`reservations.kind.${props.of.kind}`)}
          values={props.of.subject === "" ? [] : [props.of.subject]}
          onChange={([subject = ""]) => props.put({ subject })}
          find={finders[props.of.kind]}
          placeholder={t("rules.anyOf")}
          error={props.error}
          single
        />
      </div>
    </div>
  );
}

function Nodes(props: {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly labels: Parameters<typeof SelectorField>[0]["labels"];
  readonly error: string | undefined;
}): JSX.Element {
  const id = createUniqueId();
  return (
    <div class={form["named"]}>
      <label for={id}>{t("reservations.selector")}</label>
      <SelectorField
        id={id}
        label={t("reservations.selector")}
        value={props.value}
        onInput={props.onInput}
        labels={props.labels}
        error={props.error}
      />
      <p class={form["muted"]}>{t("reservations.selectorHint")}</p>
    </div>
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

/** What can be seen without asking the server. */
function faultsIn(it: Entries): Faults<Field> {
  const missing = new Set<string>(missingIn(it));
  return {
    ...(missing.has("title") ? { title: t("reservations.needTitle") } : {}),
    ...(missing.has("subject") ? { subject: t("reservations.needSubject") } : {}),
    ...(missing.has("from") ? { from: t("admin.timeWrong") } : {}),
    ...(missing.has("until")
      ? { until: it.until === null ? t("admin.timeWrong") : t("rules.untilFirst") }
      : {}),
    ...(missing.has("seats") ? { seats: t("reservations.needSeats") } : {}),
    ...(missing.has("cpus") || missing.has("memoryBytes")
      ? { size: t("reservations.needSize") }
      : {}),
    ...(selectorFault(it.selector) === null ? {} : { selector: t("rules.fault.selector") }),
  };
}

function faultsOf(error: unknown): Faults<Field> {
  if (error instanceof Unsendable) {
    queueMicrotask(() =>
      goToFault(document.querySelector<HTMLElement>("[role=dialog] [aria-invalid=true]")),
    );
    return error.faults;
  }
  const problem = error instanceof ApiError ? error.problem : null;
  return faultsFrom<Field>(
    error,
    {
      title: t("reservations.needTitle"),
      subject: t("reservations.noSubject"),
      from: t("admin.timeWrong"),
      until: t("rules.untilFirst"),
      seats: t("reservations.needSeats"),
      size: t("reservations.needSize"),
      selector: t("rules.fault.selector"),
    },
    {
      reservation_too_large: { size: tooLargeText(problem) },
      reservation_cancelled: { title: t("reservations.wasCancelled") },
    },
  );
}

/** How much is asked for, and how much there could ever be. */
function tooLargeText(problem: object | null): string {
  const { seats, couldHold, nodes } = { seats: 0, couldHold: 0, nodes: 0, ...problem };
  return t("reservations.tooLarge", { seats, most: couldHold, count: nodes });
}
