/** At most so many characters, as a text of its own: one that V8 cuts out of another holds all of that in memory. */
export function cutText(text: string, length: number = text.length): string {
  return Buffer.from(text.slice(0, length)).toString();
}
