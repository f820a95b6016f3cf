import type { JSX } from "solid-js";
import { StateShape } from "../../components/state-badge.tsx";
import { t } from "../../messages/admin.ts";
import type { Phase } from "./experiment-entries.ts";
import styles from "./admin.module.css";

const shapes = { upcoming: "queued", running: "running", over: "stopped" } as const;

/** Where an experiment is in its time: a word and a shape. */
export function PhaseWord(props: { readonly phase: Phase }): JSX.Element {
  return (
    <span
      class={`${styles["word"]} ${props.phase === "running" ? styles["good"] : styles["muted"]}`}
    >
      <StateShape state={shapes[props.phase]} />
      {t(`experiments.phase.${props.phase}`)}
    </span>
  );
}
