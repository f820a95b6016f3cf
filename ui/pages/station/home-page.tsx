import { Show, type JSX } from "solid-js";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { isStation } from "../../components/station.ts";
import { lazyPart } from "../../kit/load-steadily.ts";
import { DesktopsPage } from "../desktops.tsx";

const StationPage = lazyPart(() => import("./station.tsx"), "StationPage");

/** Where everybody begins: people with their desktops, a station with what runs there. */
export function HomePage(): JSX.Element {
  const me = useSignedIn();
  return (
    <Show when={isStation(me())} fallback={<DesktopsPage />}>
      <StationPage />
    </Show>
  );
}
