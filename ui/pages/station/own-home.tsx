import { createEffect, createSignal, Show, type JSX } from "solid-js";
import type { AtStation } from "../../../gateway/station-schemas.ts";
import { useStationEnvironments } from "../../api/stations.ts";
import { Dialog } from "../../kit/dialog.tsx";
import { t } from "../../messages/station.ts";
import { PasswordWay, type Wish } from "./password-way.tsx";
import { PhoneWay } from "./phone-way.tsx";

interface OwnHomeProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly experiments: AtStation["experiments"];
}

/**
 * Somebody starts a desktop of their own here: by their password, which counts for that one start, or by agreeing
 * to it on their phone, where they are signed in.
 */
export function OwnHome(props: OwnHomeProps): JSX.Element {
  const environments = useStationEnvironments();
  const [environment, setEnvironment] = createSignal<string | null>(null);
  const [experiment, setExperiment] = createSignal<string | null>(null);
  const [byPhone, setByPhone] = createSignal(false);
  const offered = () => environments.data?.items ?? [];
  const wish: Wish = {
    offered,
    environment: () => environment() ?? offered()[0]?.slug ?? "",
    experiment: () => experiment() ?? props.experiments[0]?.code,
    setEnvironment,
    setExperiment,
  };
  const close = (): void => props.onOpenChange(false);
  createEffect(() => props.open || setByPhone(false));
  return (
    <Dialog
      open={props.open}
      onOpenChange={props.onOpenChange}
      title={t("station.own")}
      stays={byPhone()}
    >
      <Show
        when={byPhone()}
        fallback={
          <PasswordWay
            wish={wish}
            experiments={props.experiments}
            onClose={close}
            onPhone={() => setByPhone(true)}
          />
        }
      >
        <PhoneWay
          wish={{ environment: wish.environment(), experiment: wish.experiment() }}
          onBack={() => setByPhone(false)}
          onStarted={close}
        />
      </Show>
    </Dialog>
  );
}
