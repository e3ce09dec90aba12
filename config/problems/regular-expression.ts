/** Whether a text is a valid JavaScript regular expression. */
export function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
