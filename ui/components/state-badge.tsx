import { Match, Switch, type JSX } from "solid-js";
import type { State } from "../../db/states.ts";
import { t } from "../messages/messages.ts";
import styles from "./state-badge.module.css";

const tones: Record<State, string> = {
  queued: "attention",
  starting: "going",
  running: "running",
  paused: "neutral",
  stopping: "neutral",
  stopped: "neutral",
  shelved: "neutral",
  failed: "danger",
  lost: "attention",
};

/** A state as a word, a colour and a shape. `extra` follows the word: how long, for example. */
export function StateBadge(props: {
  readonly state: State;
  readonly extra?: JSX.Element;
}): JSX.Element {
  return (
    <span class={`${styles["badge"]} ${styles[tones[props.state]] ?? ""}`} data-state={props.state}>
      <StateShape state={props.state} />
      <span>
        {t(`state.${props.state}`)}
        {props.extra}
      </span>
    </span>
  );
}

/** One shape per state, readable without its colour. */
export function StateShape(props: { readonly state: State }): JSX.Element {
  const is = (...states: State[]): boolean => states.includes(props.state);
  const turns = (): boolean => is("starting", "stopping");
  return (
    <svg
      class={`${styles["shape"]} ${turns() ? styles["turn"] : ""}`}
      viewBox="0 0 10 10"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
    >
      <Switch>
        <Match when={is("running")}>
          <circle cx="5" cy="5" r="4" fill="currentColor" stroke="none" />
        </Match>
        <Match when={turns()}>
          <circle cx="5" cy="5" r="4" stroke-width="1.6" opacity="0.3" />
          <path d="M5 1a4 4 0 0 1 4 4" stroke-width="1.6" stroke-linecap="round" />
        </Match>
        <Match when={is("queued")}>
          <circle cx="5" cy="5" r="4" stroke-width="1.4" />
          <path d="M5 2.8V5l1.6 1" stroke-width="1.2" stroke-linecap="round" />
        </Match>
        <Match when={is("paused")}>
          <path d="M3.2 1.5v7M6.8 1.5v7" stroke-width="2" stroke-linecap="round" />
        </Match>
        <Match when={is("stopped")}>
          <rect x="1.5" y="1.5" width="7" height="7" rx="1.2" fill="currentColor" stroke="none" />
        </Match>
        <Match when={is("shelved")}>
          <rect x="1.5" y="1.5" width="7" height="7" rx="1.2" stroke-width="1.4" />
        </Match>
        <Match when={is("failed")}>
          <path d="M2 2l6 6M8 2l-6 6" stroke-width="2" stroke-linecap="round" />
        </Match>
        <Match when={is("lost")}>
          <path d="M5 1.2 9.2 8.6H.8z" stroke-width="1.3" stroke-linejoin="round" />
          <path d="M5 4v2" stroke-width="1.2" stroke-linecap="round" />
        </Match>
      </Switch>
    </svg>
  );
}
