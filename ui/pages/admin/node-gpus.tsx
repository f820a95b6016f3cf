import { createSignal, createUniqueId, For, Show, type JSX } from "solid-js";
import type { NodeDetail } from "../../../gateway/node-schemas.ts";
import { patchNode } from "../../api/scheduler-calls.ts";
import { Button } from "../../kit/button.tsx";
import { StackedBar, Swatch } from "../../kit/stacked-bar.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/scheduler.ts";
import { bytesText, ofBytes } from "./amounts.ts";
import { summaryOf } from "./node-capacity.tsx";
import { coloursOf, gpuParts } from "./node-parts.ts";
import { toastRefusal } from "./toast-refusal.ts";
import admin from "./admin.module.css";
import styles from "./node.module.css";

type Gpu = NodeDetail["gpus"][number];

interface NodeGpusProps {
  readonly node: NodeDetail;
  readonly at: string | null;
  readonly onAt: (id: string | null) => void;
  readonly onChanged: (node: NodeDetail) => void;
}

/** Each GPU: its memory and its slots, who holds them, and how many may share it. */
export function NodeGpus(props: NodeGpusProps): JSX.Element {
  return (
    <section class={admin["section"]} aria-labelledby="gpus">
      <h2 id="gpus">{t("nodes.gpus")}</h2>
      <Show
        when={props.node.gpus.length > 0}
        fallback={<p class={admin["muted"]}>{t("node.gpuNone")}</p>}
      >
        <ul class={styles["gpus"]}>
          <For each={props.node.gpus}>{(gpu) => <OneGpu {...props} gpu={gpu} />}</For>
        </ul>
      </Show>
    </section>
  );
}

function OneGpu(props: NodeGpusProps & { readonly gpu: Gpu }): JSX.Element {
  const it = (): Gpu => props.gpu;
  const colours = () => coloursOf(props.node);
  return (
    <li class={styles["gpu"]}>
      <div class={styles["gpuHead"]}>
        <h3>{it().model}</h3>
        <Show when={!it().present}>
          <strong class={styles["gone"]}>{t("node.gpuGone")}</strong>
        </Show>
        <code class={styles["uuid"]}>{it().uuid}</code>
      </div>
      <StackedBar
        label={t("nodes.gpuMemory")}
        total={it().memoryBytes}
        parts={gpuParts(props.node, it(), (name, owner, amount) =>
          t("node.segment", { name, owner, amount: bytesText(amount) }),
        )}
        summary={summaryOf(it().allocated.memoryBytes, it().memoryBytes, ofBytes, bytesText)}
        hint={t("node.barHint")}
        at={props.at}
        onAt={props.onAt}
      />
      <div class={styles["slots"]}>
        <SlotSquares slots={it().slots} taken={it().allocated.slots} />
        <span>{t("node.gpuSlots", { taken: it().allocated.slots, slots: it().slots })}</span>
      </div>
      <Show when={it().instances.length > 0}>
        <ul class={styles["holders"]}>
          <For each={it().instances}>
            {(one) => (
              <li class={one.id === props.at ? styles["at"] : undefined}>
                <Swatch colour={colours().get(one.id) ?? 0} />
                <span class={styles["holder"]}>{one.name}</span>
                <code>{one.owner}</code>
                <span class={admin["muted"]}>{bytesText(one.memoryBytes)}</span>
              </li>
            )}
          </For>
        </ul>
      </Show>
      <Show when={it().present} fallback={<p class={admin["muted"]}>{t("node.gpuGoneText")}</p>}>
        <SlotsField node={props.node} gpu={it()} onChanged={props.onChanged} />
      </Show>
    </li>
  );
}

/** A square for each slot, filled where it is taken. */
function SlotSquares(props: { readonly slots: number; readonly taken: number }): JSX.Element {
  return (
    <span class={styles["squares"]} aria-hidden="true">
      <For each={Array.from({ length: Math.max(props.slots, props.taken) })}>
        {(_, index) => <span class={index() < props.taken ? styles["taken"] : ""} />}
      </For>
    </span>
  );
}

const mostSlots = 64;

/** How many desktops may share it: an administrator's word, or the node's own. */
function SlotsField(props: {
  readonly node: NodeDetail;
  readonly gpu: Gpu;
  readonly onChanged: (node: NodeDetail) => void;
}): JSX.Element {
  const id = createUniqueId();
  const [typed, setTyped] = createSignal<string | null>(null);
  const [wrong, setWrong] = createSignal(false);
  const set = async (slots: number | null): Promise<void> => {
    try {
      const node = await patchNode(props.node.id, { gpuSlots: { [props.gpu.uuid]: slots } });
      setTyped(null);
      props.onChanged(node);
      const now = node.gpus.find((it) => it.uuid === props.gpu.uuid)?.slots ?? 0;
      const { model } = props.gpu;
      const text = t("node.slotCount", { count: now });
      showToast({ tone: "info", title: t("node.slotsChanged", { model, slots: text }) });
    } catch (error) {
      toastRefusal(error);
    }
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const text = typed();
    if (text === null) return;
    const slots = Number(text);
    const fine = Number.isInteger(slots) && slots >= 1 && slots <= mostSlots;
    setWrong(!fine);
    if (fine) void set(slots);
  };
  return (
    <form class={styles["slotsForm"]} onSubmit={submit} noValidate>
      <label for={id}>
        {t("node.slots")} <span class="visually-hidden">{props.gpu.uuid}</span>
      </label>
      <input
        id={id}
        type="number"
        inputMode="numeric"
        min={1}
        max={mostSlots}
        value={typed() ?? props.gpu.slots}
        aria-invalid={wrong() ? "true" : undefined}
        aria-describedby={`${id}-text`}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setWrong(false);
        }}
      />
      <Show when={typed() !== null && typed() !== String(props.gpu.slots)}>
        <Button type="submit" size="small">
          {t("node.slotsSet")}
        </Button>
      </Show>
      <Show when={props.gpu.setSlots !== null}>
        <Button size="small" variant="quiet" onClick={() => void set(null)}>
          {t("node.slotsOwn")}
        </Button>
      </Show>
      <span id={`${id}-text`} class={wrong() ? admin["fault"] : styles["note"]}>
        {wrong()
          ? t("node.slotsWrong")
          : t(props.gpu.setSlots === null ? "node.slotsByNode" : "node.slotsByAdmin")}
      </span>
    </form>
  );
}
