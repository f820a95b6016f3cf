import { useSearchParams } from "@solidjs/router";
import { createSignal, Match, Show, Switch, type JSX } from "solid-js";
import type { Station, StationCode, Stations } from "../../../gateway/station-schemas.ts";
import {
  addStation,
  renewCode,
  revokeStation,
  setEnding,
  useStations,
} from "../../api/stations.ts";
import { ErrorNotice, toastError } from "../../components/error-notice.tsx";
import { Loading } from "../../components/loading.tsx";
import { Moment } from "../../components/moment.tsx";
import { createNow } from "../../components/now.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/dialog.tsx";
import { Select } from "../../kit/select.tsx";
import { Table, type Column } from "../../kit/table.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/admin.ts";
import { useBeamlines } from "./use-beamlines.ts";
import { AddStation, CodeShown } from "./station-dialogs.tsx";
import admin from "./admin.module.css";
import styles from "./stations.module.css";

/** The shared computers of a beamline: for those who look after it. */
export function StationsPage(): JSX.Element {
  const [search, setSearch] = useSearchParams<{ beamline: string }>();
  const all = useBeamlines();
  const beamline = (): string => search.beamline ?? all()[0]?.id ?? "";
  usePageTitle(() => t("stations.title"));
  return (
    <div class={admin["page"]}>
      <div class={admin["head"]}>
        <h1 class={admin["title"]}>{t("stations.title")}</h1>
        <Show when={all().length > 1}>
          <Select
            label={t("stations.beamline")}
            value={beamline()}
            options={all().map((it) => ({ value: it.id, text: it.code }))}
            onChange={(id) => setSearch({ beamline: id }, { replace: true })}
          />
        </Show>
      </div>
      <Show when={beamline() !== ""} fallback={<p role="status">{t("stations.noBeamlines")}</p>}>
        <OfBeamline beamline={beamline()} />
      </Show>
    </div>
  );
}

function OfBeamline(props: { readonly beamline: string }): JSX.Element {
  const query = useStations(() => props.beamline);
  const [adding, setAdding] = createSignal(false);
  const [code, setCode] = createSignal<StationCode | null>(null);
  const [revoking, setRevoking] = createSignal<Station | null>(null);
  const renew = (station: Station): void => {
    renewCode(props.beamline, station.id).then(setCode, (error: unknown) =>
      toastError(error, "administer"),
    );
  };
  const revoke = (station: Station): void => {
    revokeStation(props.beamline, station.id).then(
      () => showToast({ tone: "info", title: t("stations.revoked", { name: station.name }) }),
      (error: unknown) => toastError(error, "administer"),
    );
  };
  return (
    <>
      <Switch>
        <Match when={query.isError && query.data === undefined}>
          <ErrorNotice error={query.error} doing="look" retry={() => void query.refetch()} />
        </Match>
        <Match when={query.isPending}>
          <Loading />
        </Match>
        <Match when={query.data}>
          {(it) => (
            <>
              <div class={styles["bar"]}>
                <p class={styles["text"]}>
                  {t("stations.text", { code: it().beamline.code, name: it().beamline.name })}
                </p>
                <Button variant="primary" onClick={() => setAdding(true)}>
                  {t("stations.add")}
                </Button>
              </div>
              <Show
                when={it().items.length > 0}
                fallback={<p role="status">{t("stations.none")}</p>}
              >
                <List stations={it()} onRenew={renew} onRevoke={setRevoking} />
              </Show>
              <Ending stations={it()} />
            </>
          )}
        </Match>
      </Switch>
      <AddStation
        open={adding()}
        onOpenChange={setAdding}
        add={(name) => addStation(props.beamline, { name })}
        onAdded={setCode}
      />
      <CodeShown code={code()} onDone={() => setCode(null)} />
      <Confirm
        open={revoking() !== null}
        onOpenChange={(open) => !open && setRevoking(null)}
        title={t("stations.revokeTitle", { name: revoking()?.name ?? "" })}
        confirm={t("stations.revoke")}
        cancel={t("app.cancel")}
        danger
        onConfirm={() => {
          const station = revoking();
          if (station !== null) revoke(station);
        }}
      >
        <p>{t("stations.revokeText")}</p>
        <p>{t("stations.revokeKept")}</p>
      </Confirm>
    </>
  );
}

function List(props: {
  readonly stations: Stations;
  readonly onRenew: (station: Station) => void;
  readonly onRevoke: (station: Station) => void;
}): JSX.Element {
  const now = createNow(10_000);
  const columns = (): Column<Station>[] => [
    {
      head: t("stations.name"),
      title: true,
      cell: (it) => <span class={admin["strong"]}>{it.name}</span>,
    },
    { head: t("stations.account"), cell: (it) => <code>{it.username}</code> },
    {
      head: t("stations.computer"),
      cell: (it) => (
        <Show
          when={it.lastSeenAt}
          fallback={
            <span class={admin["muted"]}>
              {it.codeExpiresAt === null ? t("stations.noComputer") : t("stations.waits")}
            </span>
          }
        >
          {(at) => (
            <span>
              {it.address ?? t("signIns.noAddress")} {" · "}
              <Moment at={at()} now={now} />
            </span>
          )}
        </Show>
      ),
    },
    {
      head: t("stations.actions"),
      actions: true,
      cell: (it) => (
        <span class={styles["actions"]}>
          <Button
            size="small"
            aria-label={t("stations.codeWho", { name: it.name })}
            onClick={() => props.onRenew(it)}
          >
            {t("stations.code")}
          </Button>
          <Button
            size="small"
            aria-label={t("stations.revokeWho", { name: it.name })}
            onClick={() => props.onRevoke(it)}
          >
            {t("stations.revoke")}
          </Button>
        </span>
      ),
    },
  ];
  return <Table label={t("stations.title")} columns={columns()} rows={props.stations.items} />;
}

const endings = ["end", "owner"] as const;

/** What becomes of people's own desktops when an experiment ends: the beamline's choice. */
function Ending(props: { readonly stations: Stations }): JSX.Element {
  const choose = (ending: (typeof endings)[number]): void => {
    setEnding(props.stations.beamline.id, { ending }).then(
      () => showToast({ tone: "info", title: t("stations.endingSaved") }),
      (error: unknown) => toastError(error, "administer"),
    );
  };
  return (
    <section class={styles["ending"]} aria-labelledby="ending">
      <h2 id="ending" class={styles["subtitle"]}>
        {t("stations.ending")}
      </h2>
      <p class={styles["text"]}>{t("stations.endingText")}</p>
      <div>
        <Select
          label={t("stations.endingLabel")}
          value={props.stations.ending}
          options={endings.map((value) => ({ value, text: t(`stations.ending.${value}`) }))}
          onChange={choose}
        />
      </div>
    </section>
  );
}
