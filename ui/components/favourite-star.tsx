import Star from "lucide-solid/icons/star";
import type { JSX } from "solid-js";
import type { CatalogueEnvironment } from "../../gateway/catalogue-schemas.ts";
import { setFavourite } from "../api/favourites.ts";
import { announce } from "../kit/announcer.tsx";
import { buttonClass } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import { toastError } from "./error-notice.tsx";
import styles from "./favourite-star.module.css";

function focusStar(button: HTMLButtonElement | undefined, slug: string): void {
  const star = (which: string) => document.querySelector<HTMLElement>(`[data-star${which}]`);
  const next = button?.isConnected ? button : (star(`="${CSS.escape(slug)}"`) ?? star(""));
  next?.focus({ preventScroll: true });
}

/** Pressed: it stands among this person's favourites, wherever they sign in. */
export function FavouriteStar(props: { readonly environment: CatalogueEnvironment }): JSX.Element {
  let button: HTMLButtonElement | undefined;
  const toggle = (): void => {
    const { slug, name, favourite } = props.environment;
    const held = document.activeElement === button;
    setFavourite(slug, !favourite).catch((error: unknown) => toastError(error, "change"));
    announce(t(favourite ? "catalogue.favouriteGone" : "catalogue.favouriteMade", { name }));
    // Shown in the next turn. A card loses the focus when it moves, and may be gone altogether.
    if (held) setTimeout(() => focusStar(button, slug), 0);
  };
  return (
    <button
      ref={(it) => (button = it)}
      type="button"
      class={`${buttonClass({ variant: "quiet", icon: true })} ${styles["star"]}`}
      data-star={props.environment.slug}
      aria-pressed={props.environment.favourite}
      aria-label={t("catalogue.favourite", { name: props.environment.name })}
      title={t(props.environment.favourite ? "catalogue.favouriteDrop" : "catalogue.favouriteAdd")}
      onClick={toggle}
    >
      <Star size={18} aria-hidden="true" />
    </button>
  );
}
