import type { Session } from "./session.ts";
export interface Where {
  readonly stack: string;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
}

export function whereOf({ settings, caller }: Session): Where {
  return { stack: settings.stack, account: caller.account, region: settings.aws.region };
}
