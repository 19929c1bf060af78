/** The JSON name protoc derives from a field's name: `scte_35_cue_out` → `scte35CueOut`, `_a__b` → `AB`. */
export function jsonNameOf(name: string): string {
  return name.replaceAll(/_+(.?)/g, (_, letter: string) =>
    letter >= 'a' && letter <= 'z' ? letter.toUpperCase() : letter,
  );
}
