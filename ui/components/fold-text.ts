/** Letters that Unicode does not take apart into a plain one and its accent. */
const whole: Readonly<Record<string, string>> = {
  ß: "ss",
  ø: "o",
  ł: "l",
  đ: "d",
  æ: "ae",
  œ: "oe",
};

/** Without capitals and accents: as people search. */
export function foldText(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[ßøłđæœ]/g, (it) => whole[it] ?? it);
}

/** The words of a search, folded; none where it says nothing. */
export function searchWords(search: string): string[] {
  return foldText(search).split(/\s+/).filter(Boolean);
}
