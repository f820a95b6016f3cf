import { passwordFile } from "./relay/vnc-password.ts";

/** TigerVNC's password file, both passwords in it, as the desktop's image takes it: Base64. */
export function vncPasswordFile(control: string, view: string): string {
  return passwordFile(Buffer.from(control, "latin1"), Buffer.from(view, "latin1")).toString(
    "base64",
  );
}
