/** The parts of a text that commas separate, without blanks around them; of a blank text none. */
export function listOf(text: string): readonly string[] {
  return text.trim() === "" ? [] : text.split(",").map((part) => part.trim());
}
