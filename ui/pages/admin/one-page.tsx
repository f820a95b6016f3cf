import { A } from "@solidjs/router";
import ArrowLeft from "lucide-solid/icons/arrow-left";
import { Match, Show, Switch, type Accessor, type JSX } from "solid-js";
import type { Watched } from "../../api/use-query.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Loading } from "../../components/loading.tsx";
import { Notice } from "../../kit/notice.tsx";
import { refusalOf } from "./refusals.ts";
import styles from "./admin.module.css";

interface OnePageProps<T> {
  readonly query: Watched<T>;
  readonly back: string;
  readonly backText: string;
  readonly children: (item: Accessor<T>) => JSX.Element;
}

/** A page of the administration about one thing, which may be gone. */
export function OnePage<T>(props: OnePageProps<T>): JSX.Element {
  const refusal = () => refusalOf(props.query.error);
  return (
    <div class={styles["page"]}>
      <A class={styles["back"]} href={props.back}>
        <ArrowLeft size={16} aria-hidden="true" />
        {props.backText}
      </A>
      <Switch>
        <Match when={props.query.data}>{(item) => props.children(item as Accessor<T>)}</Match>
        <Match when={props.query.isError}>
          <h1 class="visually-hidden">{props.backText}</h1>
          <Show
            when={refusal()}
            fallback={
              <ErrorNotice
                error={props.query.error}
                doing="look"
                retry={() => void props.query.refetch()}
              />
            }
          >
            {(it) => <Notice tone="attention" title={it().what} lines={[it().next]} />}
          </Show>
        </Match>
        <Match when={props.query.isPending}>
          <Loading />
        </Match>
      </Switch>
    </div>
  );
}
