/** The text of an earlier migration with each first text replaced by its second. Throws where one does not stand there exactly once. */
export function edited(text: string, edits: readonly (readonly [from: string, to: string])[]): string {
  return edits.reduce((result, [from, to]) => {
    if (result.split(from).length !== 2) throw new Error(`not once in the text to edit: ${from}`);
    return result.replace(from, () => to);
  }, text);
}
