/**
 * Makes what is typed into a field lower case: usernames have no capitals, and tablets like to
 * begin with one. The cursor stays where it is. Returns the text.
 */
export function foldCase(field: HTMLInputElement): string {
  const folded = field.value.toLowerCase();
  if (folded === field.value) return folded;
  const { selectionStart, selectionEnd } = field;
  field.value = folded;
  field.setSelectionRange(selectionStart, selectionEnd);
  return folded;
}
