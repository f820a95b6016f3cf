import { Show, type Accessor, type JSX } from "solid-js";
import type { NodeDetail } from "../../api/scheduler-calls.ts";
import { durationText } from "../../components/moment.tsx";
import { formatClock, formatRelative } from "../../components/time.ts";
import { Notice } from "../../kit/notice.tsx";
import { locale } from "../../messages/messages.ts";
import { t } from "../../messages/scheduler.ts";
import { nodeReason } from "./node-state.tsx";

interface NodeNoticesProps {
  readonly node: NodeDetail;
  readonly now: Accessor<number>;
}

/** As `db/admin-nodes.ts` has it: a clock that is further off than this is told of. */
const skewToldMs = 30_000;

/** What is special about a node just now, said plainly: silence, a hold, its clock, a beamtime, whom it waits for. */
export function NodeNotices(props: NodeNoticesProps): JSX.Element {
  const it = (): NodeDetail => props.node;
  const clock = (at: string): string => formatClock(Date.parse(at), props.now(), locale(), true);
  const ago = (at: string): string =>
    formatRelative(Math.min(Date.parse(at), props.now()), props.now(), locale());
  return (
    <>
      <Show when={it().state === "lost" || it().state === "not_ready"}>
        <Silence node={it()} clock={clock} ago={ago} />
      </Show>
      <Show when={it().hold}>{(hold) => <Hold {...props} hold={hold()} ago={ago} />}</Show>
      <Show when={it().dedicatedTo}>
        {(to) => (
          <Notice
            tone="info"
            title={t("node.dedicatedTitle", {
              experiment: to().experiment,
              time: formatClock(Date.parse(to().until), props.now(), locale(), false),
            })}
            lines={[t("node.dedicatedText")]}
          />
        )}
      </Show>
      <Show when={it().gatheredFor}>
        {(gathered) => (
          <Notice
            tone="info"
            title={t("node.gatheredTitle", {
              name: gathered().name,
              who: gathered().owner,
              time: formatClock(Date.parse(gathered().until), props.now(), locale(), false),
            })}
            lines={[t("node.gatheredText")]}
          />
        )}
      </Show>
      <Show when={Math.abs(it().clockSkewMs ?? 0) > skewToldMs && it().clockSkewMs}>
        {(skew) => (
          <Notice
            tone="attention"
            title={t(skew() > 0 ? "node.clockAhead" : "node.clockBehind", {
              duration: durationText(Math.abs(skew())),
            })}
            lines={[t("node.clockText")]}
          />
        )}
      </Show>
    </>
  );
}

type Words = (at: string) => string;

function Silence(props: {
  readonly node: NodeDetail;
  readonly clock: Words;
  readonly ago: Words;
}): JSX.Element {
  const silent = (): boolean =>
    props.node.state === "lost" || props.node.reason?.code === "node_silent";
  return (
    <Show
      when={props.node.lastSeenAt}
      fallback={
        <Notice tone="attention" title={t("node.neverSeen")} lines={[t("node.neverSeenText")]} />
      }
    >
      {(seen) => (
        <Show
          when={silent()}
          fallback={
            <Notice
              tone="attention"
              title={t("node.notReady")}
              lines={[props.node.reason === null ? null : nodeReason(props.node.reason)]}
            />
          }
        >
          <Notice
            tone={props.node.state === "lost" ? "error" : "attention"}
            title={t("node.silentSince", { time: props.clock(seen()), ago: props.ago(seen()) })}
            lines={[props.node.state === "lost" ? t("node.lostText") : t("node.silentText")]}
          />
        </Show>
      )}
    </Show>
  );
}

function Hold(
  props: NodeNoticesProps & {
    readonly hold: NonNullable<NodeDetail["hold"]>;
    readonly ago: Words;
  },
): JSX.Element {
  const by = (): string => {
    const when = props.ago(props.hold.at);
    return props.hold.by === null
      ? t("node.hold.byNobody", { when })
      : t("node.hold.by", { who: props.hold.by, when });
  };
  return (
    <Notice
      tone="attention"
      title={t(props.node.draining ? "node.hold.draining" : "node.hold.unschedulable")}
      lines={[
        props.hold.reason === null || props.hold.reason === ""
          ? t("node.hold.noReason")
          : t("node.hold.reason", { reason: props.hold.reason }),
        by(),
      ]}
    />
  );
}
