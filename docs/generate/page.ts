/** A file of the repository that is generated from the code, whole or in part. */
export interface GeneratedFile {
  /** Path from the root of the repository. */
  readonly path: string;
  /** Returns the file as it should be, given the file as it is. */
  render(current: string): string | Promise<string>;
}

/**
 * Replaces the text between the marks `<!-- name -->` and `<!-- end of name -->` of a page.
 *
 * @throws when the page lacks one of them
 */
export function between(page: string, name: string, text: string, endName = name): string {
  const begin = `<!-- ${name} -->`;
  const end = `<!-- end of ${endName} -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`the page has no ${begin} … ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`;
}
