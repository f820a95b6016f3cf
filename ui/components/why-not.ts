import { allows, isLive, type Action, type State } from "../../db/states.ts";
import { t } from "../messages/messages.ts";

/** Why an action is not possible in a state, in the reader's words; null where it is possible. */
export function whyNot(state: State, action: Action): string | null {
  if (allows(state, action)) return null;
  switch (action) {
    case "connect":
      return state === "running" ? null : t(`why.connect.${state}`);
    case "stop":
      return isLive(state) ? t("why.stop.stopping") : t("why.stop.ended");
    case "restart":
      if (state === "queued") return t("why.restart.queued");
      return state === "lost" ? t("why.restart.lost") : t("why.restart.stopping");
    case "extend":
      if (state === "queued") return t("why.restart.queued");
      if (state === "lost") return t("why.restart.lost");
      return isLive(state) ? t("why.stop.stopping") : t("why.stop.ended");
  }
}
