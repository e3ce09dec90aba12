/** One page of a list, and the token of the next one. */
interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | undefined;
}

/** The token of a page, as the calls of EventBridge take it; nothing for the first. */
type Token = { readonly NextToken?: string };

/** All items of a list whose calls have no paginator in the SDK. */
export async function pagesOf<Item>(read: (token: Token) => Promise<Page<Item>>): Promise<readonly Item[]> {
  const items: Item[] = [];
  let next: string | undefined;
  do {
    const page = await read(next === undefined ? {} : { NextToken: next });
    items.push(...page.items);
    next = page.next;
  } while (next !== undefined && next !== "");
  return items;
}
