import { A } from "@solidjs/router";
import type { JSX } from "solid-js";
import { buttonClass, type ButtonLook } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import { homeOf, worksInDesktops } from "./home.ts";
import { useSignedIn } from "./signed-in-context.ts";

/** The way out of a page that leads nowhere. */
export function HomeLink(props: ButtonLook): JSX.Element {
  const me = useSignedIn();
  return (
    <A class={buttonClass(props)} href={homeOf(me().roles)}>
      {worksInDesktops(me().roles) ? t("viewer.back") : t("account.back")}
    </A>
  );
}
