import type { Experiment } from "../../api/admin-calls.ts";
import { t } from "../../messages/admin.ts";
import { faultsFrom, peopleWords, type Faults } from "./faults.ts";
import { editedTime, fromLocalInput } from "./local-time.ts";
import { sameNames } from "./names.ts";
import { textIn } from "./text-in.ts";

export type ExperimentField =
  | "code"
  | "beamline"
  | "title"
  | "startsAt"
  | "endsAt"
  | "members"
  | "dataPath"
  | "dataAccess";

type Access = Experiment["dataAccess"];

/** What was typed about an experiment. */
interface ExperimentEntries {
  readonly code: string;
  readonly beamline: string;
  readonly title: string;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly members: readonly string[];
  readonly dataPath: string | null;
  readonly dataAccess: Access;
}

/** @param before what it was; null: a new one */
export function experimentIn(
  form: FormData,
  members: readonly string[],
  before: Experiment | null,
): ExperimentEntries {
  const time = (name: "startsAt" | "endsAt"): string => {
    const text = textIn(form, name);
    // An empty one is for the server to refuse, as everything is.
    return (before === null ? fromLocalInput(text) : editedTime(before[name], text)) ?? "";
  };
  const access = textIn(form, "dataAccess");
  return {
    code: textIn(form, "code"),
    beamline: textIn(form, "beamline"),
    title: textIn(form, "title"),
    startsAt: time("startsAt"),
    endsAt: time("endsAt"),
    members,
    dataPath: textIn(form, "dataPath") || null,
    dataAccess: access === "none" || access === "read" ? access : "write",
  };
}

interface ExperimentChanges {
  title?: string;
  startsAt?: string;
  endsAt?: string;
  members?: string[];
  dataPath?: string | null;
  dataAccess?: Access;
}

/** What differs. `withData`: the reader may say where its data lies, so the form asked. */
export function experimentChanges(
  before: Experiment,
  after: ExperimentEntries,
  withData: boolean,
): ExperimentChanges {
  const names = before.members.map((it) => it.username);
  return {
    ...(after.title === before.title ? {} : { title: after.title }),
    ...(after.startsAt === before.startsAt ? {} : { startsAt: after.startsAt }),
    ...(after.endsAt === before.endsAt ? {} : { endsAt: after.endsAt }),
    ...(sameNames(names, after.members) ? {} : { members: [...after.members] }),
    ...(!withData || after.dataPath === before.dataPath ? {} : { dataPath: after.dataPath }),
    ...(!withData || after.dataAccess === before.dataAccess
      ? {}
      : { dataAccess: after.dataAccess }),
  };
}

export function experimentFaults(error: unknown): Faults<ExperimentField> {
  const words = {
    code: t("admin.codeWrong"),
    beamline: t("experiments.beamlineWrong"),
    title: t("experiments.titleWrong"),
    startsAt: t("admin.timeWrong"),
    endsAt: t("experiments.endsWrong"),
    members: peopleWords,
    dataPath: t("experiments.dataPathWrong"),
    dataAccess: t("experiments.dataPathWrong"),
  };
  return faultsFrom(error, words, {
    code_taken: { code: t("experiments.codeTaken") },
    ends_before_start: { endsAt: t("experiments.endsWrong") },
  });
}

/** Where an experiment is in its time. */
export type Phase = "upcoming" | "running" | "over";

export function phaseOf(
  { startsAt, endsAt }: Pick<Experiment, "startsAt" | "endsAt">,
  nowMs: number,
): Phase {
  if (nowMs < Date.parse(startsAt)) return "upcoming";
  return nowMs < Date.parse(endsAt) ? "running" : "over";
}
