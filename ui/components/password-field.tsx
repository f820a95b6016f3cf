import Eye from "lucide-solid/icons/eye";
import EyeOff from "lucide-solid/icons/eye-off";
import { createSignal, Show, splitProps, type ComponentProps, type JSX } from "solid-js";
import { Button } from "../kit/button.tsx";
import { Field } from "../kit/field.tsx";
import { t } from "../messages/messages.ts";

/** A field for a password, which can be shown to check what was typed. */
export function PasswordField(
  props: Omit<ComponentProps<typeof Field>, "type" | "end">,
): JSX.Element {
  const [shown, setShown] = createSignal(false);
  const [own, rest] = splitProps(props, ["label"]);
  return (
    <Field
      {...rest}
      label={own.label}
      type={shown() ? "text" : "password"}
      autocapitalize="none"
      autocorrect="off"
      spellcheck={false}
      end={
        <Button
          variant="quiet"
          size="small"
          icon
          aria-label={shown() ? t("signIn.hidePassword") : t("signIn.showPassword")}
          onClick={() => setShown((it) => !it)}
        >
          <Show when={shown()} fallback={<Eye size={18} aria-hidden="true" />}>
            <EyeOff size={18} aria-hidden="true" />
          </Show>
        </Button>
      }
    />
  );
}
