/** Whether a text is a regular expression that JavaScript takes. */
export function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
