import { Match, Switch, type JSX } from "solid-js";
import type { Watched } from "../../api/use-query.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Loading } from "../../components/loading.tsx";
import styles from "./account.module.css";

interface PartProps {
  readonly id: string;
  readonly title: string;
  readonly text?: string;
  readonly action?: JSX.Element;
  readonly children: JSX.Element;
}

/** A part of the page under its heading. */
export function Part(props: PartProps): JSX.Element {
  return (
    <section class={styles["part"]} aria-labelledby={props.id}>
      <div class={styles["head"]}>
        <h2 id={props.id} class={styles["title"]} tabIndex={-1}>
          {props.title}
        </h2>
        {props.action}
        {props.text === undefined ? null : <p class={styles["text"]}>{props.text}</p>}
      </div>
      {props.children}
    </section>
  );
}

/** A list that is asked for: until it is there, what stands in its place. */
export function Asked<T>(props: {
  readonly query: Watched<T>;
  readonly children: JSX.Element;
}): JSX.Element {
  return (
    <Switch fallback={props.children}>
      <Match when={props.query.isError && props.query.data === undefined}>
        <ErrorNotice
          error={props.query.error}
          doing="look"
          retry={() => void props.query.refetch()}
        />
      </Match>
      <Match when={props.query.isPending}>
        <Loading />
      </Match>
    </Switch>
  );
}

/** Where the row is gone from which something was done, the keyboard goes on from its list's heading. */
export function keepFocus(headingId: string): void {
  const active = document.activeElement;
  if (active === null || active === document.body) document.getElementById(headingId)?.focus();
}
