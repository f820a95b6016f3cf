import { useNavigate } from "@solidjs/router";
import { createSignal, Show, type JSX } from "solid-js";
import { allows } from "../../db/states.ts";
import type { Instance } from "../../gateway/schemas.ts";
import { extend, restart, stop } from "../api/actions.ts";
import { serverNowMs } from "../api/clock.ts";
import { Confirm } from "../kit/dialog.tsx";
import { showToast } from "../kit/toasts.ts";
import { locale, t } from "../messages/messages.ts";
import { paths } from "../paths.ts";
import { preloadNoVnc } from "../viewer/load-novnc.ts";
import { createGrace } from "./grace.ts";
import { toastRefused } from "./refused.ts";
import { useSignedIn } from "./signed-in-context.ts";
import { keepsHome } from "./station.ts";
import { formatClock, formatRelative } from "./time.ts";

const stopGraceSeconds = 5;

/** What can be lost by stopping: only a desktop that has been seen running has unsaved work. */
const hasWork = (instance: Instance): boolean =>
  instance.state === "running" || instance.state === "paused" || instance.state === "lost";

/**
 * Stop, restart and start again for one instance. `dialogs` has to be rendered once beside the
 * buttons that use them.
 */
export function useInstanceActions(instance: () => Instance) {
  const navigate = useNavigate();
  const me = useSignedIn();
  const [asking, setAsking] = createSignal(false);

  const doStop = (): void => {
    // It may have ended by itself while the seconds ran.
    if (!allows(instance().state, "stop")) return;
    stop(instance()).catch((error: unknown) => toastRefused(error, instance(), "stop"));
  };
  const stopping = createGrace(stopGraceSeconds, doStop);
  const doRestart = (): void => {
    preloadNoVnc();
    restart(instance()).then(
      (it) => navigate(paths.desktop(it)),
      (error: unknown) => toastRefused(error, instance(), "restart"),
    );
  };

  const doExtend = (): void => {
    extend(instance()).then(
      ({ name, expiresAt }) => {
        if (expiresAt === null) return;
        const when = formatRelative(Date.parse(expiresAt), serverNowMs(), locale());
        showToast({ tone: "info", title: t("extend.done", { name, when }) });
      },
      (error: unknown) => toastRefused(error, instance(), "extend"),
    );
  };

  return {
    extend: doExtend,
    /** What has work in it stops after some seconds in which that can be undone. */
    askStop: () => (hasWork(instance()) ? stopping.begin() : doStop()),
    stopping,
    askRestart: () => (hasWork(instance()) ? setAsking(true) : doRestart()),
    dialogs: (): JSX.Element => (
      <Confirm
        open={asking()}
        onOpenChange={setAsking}
        title={t("restart.title", { name: instance().name })}
        confirm={t("restart.confirm")}
        cancel={t("stop.keep")}
        danger
        onConfirm={doRestart}
      >
        <Show when={instance().startedAt}>
          {(at) => (
            <p>
              {t("restart.which", {
                time: formatClock(Date.parse(at()), Date.now(), locale(), true),
              })}
            </p>
          )}
        </Show>
        <p>{t("restart.text")}</p>
        <p>{t("stop.lost")}</p>
        <p>{keepsHome(me(), instance()) ? t("stop.kept") : t("stop.keptStation")}</p>
      </Confirm>
    ),
  };
}
