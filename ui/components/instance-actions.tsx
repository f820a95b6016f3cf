import { useNavigate } from "@solidjs/router";
import { createSignal, type JSX } from "solid-js";
import type { Instance } from "../../gateway/schemas.ts";
import { restart, stop } from "../api/actions.ts";
import { Confirm } from "../kit/dialog.tsx";
import { t } from "../messages/messages.ts";
import { paths } from "../paths.ts";
import { preloadNoVnc } from "../viewer/load-novnc.ts";
import { toastError } from "./error-notice.tsx";

/** What can be lost by stopping: only a desktop that has been seen running has unsaved work. */
const hasWork = (instance: Instance): boolean =>
  instance.state === "running" || instance.state === "paused" || instance.state === "lost";

/**
 * Stop, restart and start again for one instance. `dialogs` has to be rendered once beside the
 * buttons that use them.
 */
export function useInstanceActions(instance: () => Instance) {
  const navigate = useNavigate();
  const [asking, setAsking] = createSignal<"stop" | "restart" | null>(null);

  const doStop = (): void => {
    stop(instance()).catch((error: unknown) => toastError(error, "change"));
  };
  const doRestart = (): void => {
    preloadNoVnc();
    restart(instance()).then(
      (it) => navigate(paths.desktop(it)),
      (error: unknown) => toastError(error, "start"),
    );
  };

  return {
    askStop: () => (hasWork(instance()) ? setAsking("stop") : doStop()),
    askRestart: () => (hasWork(instance()) ? setAsking("restart") : doRestart()),
    dialogs: (): JSX.Element => (
      <>
        <Confirm
          open={asking() === "stop"}
          onOpenChange={(open) => setAsking(open ? "stop" : null)}
          title={t("stop.title", { name: instance().name })}
          confirm={t("stop.confirm")}
          cancel={t("stop.keep")}
          danger
          onConfirm={doStop}
        >
          <p>{t("stop.lost")}</p>
          <p>{t("stop.kept")}</p>
        </Confirm>
        <Confirm
          open={asking() === "restart"}
          onOpenChange={(open) => setAsking(open ? "restart" : null)}
          title={t("restart.title", { name: instance().name })}
          confirm={t("restart.confirm")}
          cancel={t("stop.keep")}
          danger
          onConfirm={doRestart}
        >
          <p>{t("restart.text")}</p>
          <p>{t("stop.lost")}</p>
          <p>{t("stop.kept")}</p>
        </Confirm>
      </>
    ),
  };
}
