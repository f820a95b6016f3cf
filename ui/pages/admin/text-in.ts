/** What stands in a field, without the spaces around it. */
export function textIn(form: FormData, name: string): string {
  return String(form.get(name) ?? "").trim();
}
