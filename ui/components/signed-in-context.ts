import { createContext, useContext, type Accessor } from "solid-js";
import type { Me } from "../../gateway/schemas.ts";

export const SignedInContext = createContext<Accessor<Me>>();

/** Who is signed in. Only within `SignedIn`. */
export function useSignedIn(): Accessor<Me> {
  const me = useContext(SignedInContext);
  if (me === undefined) throw new Error("useSignedIn outside SignedIn");
  return me;
}
