import type { Session } from "./session.ts";

/** Where a command worked. */
export interface Where {
  readonly stack: string;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
}

export function whereOf({ settings, caller }: Pick<Session, "settings" | "caller">): Where {
  return { stack: settings.stack, account: caller.account, region: settings.aws.region };
}

/** The first fields of the JSON document of every command on a stack. */
export function documentHead<const K extends string>(
  session: Pick<Session, "settings" | "caller">,
  kind: K,
): { readonly version: 1; readonly kind: K } & Where {
  return { version: 1, kind, ...whereOf(session) };
}
