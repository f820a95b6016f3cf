import { A } from "@solidjs/router";
import { createSignal, For, Show, type Accessor, type JSX } from "solid-js";
import { states } from "../../../db/states.ts";
import type { NodeDetail } from "../../../gateway/node-schemas.ts";
import { Moment } from "../../components/moment.tsx";
import { Button } from "../../kit/button.tsx";
import { t } from "../../messages/scheduler.ts";
import { paths } from "../../paths.ts";
import admin from "./admin.module.css";
import styles from "./node.module.css";

type Event = NodeDetail["events"][number];

const rowsFirst = 10;

/** What happened here, the newest first. */
export function NodeEvents(props: {
  readonly node: NodeDetail;
  readonly now: Accessor<number>;
}): JSX.Element {
  const [all, setAll] = createSignal(false);
  const some = (): boolean => !all() && props.node.events.length > rowsFirst + 1;
  const rows = () => (some() ? props.node.events.slice(0, rowsFirst) : props.node.events);
  return (
    <section class={admin["section"]} aria-labelledby="events">
      <h2 id="events">{t("node.events")}</h2>
      <Show
        when={props.node.events.length > 0}
        fallback={<p class={admin["muted"]}>{t("node.eventsNone")}</p>}
      >
        <ol class={styles["events"]}>
          <For each={rows()}>
            {(it) => (
              <li>
                <span class={styles["eventTime"]}>
                  <Moment at={it.at} now={props.now} />
                </span>
                <span>
                  <Show when={it.instance}>
                    {(instance) => (
                      <>
                        <A
                          class={admin["link"]}
                          href={paths.adminInstances({ open: instance().id })}
                        >
                          {instance().name}
                        </A>{" "}
                      </>
                    )}
                  </Show>
                  {textOf(it)}
                  <Show when={it.actor}>
                    {(who) => (
                      <span class={admin["muted"]}> {t("node.event.by", { who: who() })}</span>
                    )}
                  </Show>
                  <Show when={it.reason}>
                    {(reason) => <span class={admin["muted"]}>: {reason()}</span>}
                  </Show>
                </span>
              </li>
            )}
          </For>
        </ol>
        <Show when={some()}>
          <Button variant="quiet" class={styles["more"] ?? ""} onClick={() => setAll(true)}>
            {t("node.showMore", { count: props.node.events.length })}
          </Button>
        </Show>
      </Show>
    </section>
  );
}

/** In the reader's language where it is known what it is. */
function textOf(event: Event): string {
  const state = states.find((it) => it === event.text);
  if (event.kind === "instance" && state !== undefined) return t(`state.${state}`);
  if (event.text === "node.gone") return t("node.event.gone");
  return event.text === "node.change" ? t("node.event.change") : event.text;
}
