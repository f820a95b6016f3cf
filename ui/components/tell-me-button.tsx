import { Show, type JSX } from "solid-js";
import { Button, type ButtonLook } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import { canTell, isTelling, startTelling, stopTelling } from "./tell-me.ts";

/** Only here is the browser asked for leave to notify: by somebody who wants it. */
export function TellMeButton(props: {
  readonly id: string;
  readonly size?: ButtonLook["size"];
}): JSX.Element {
  const on = (): boolean => isTelling(props.id);
  return (
    <Show when={canTell()}>
      <Button
        variant={on() ? "soft" : "default"}
        size={props.size}
        aria-pressed={on()}
        onClick={() => (on() ? stopTelling(props.id) : void startTelling(props.id))}
      >
        {on() ? t("card.telling") : t("card.tellMe")}
      </Button>
    </Show>
  );
}
