import type { Colours } from "../../report/colours.ts";
import type { DiffDocument } from "./diff.ts";

/** The differences between two releases of services, as text. */
export function showDiff({ services }: DiffDocument, { bold, dim, red, green }: Colours): string {
  const parts = services.map(({ service, before, after, same, differences, notes }) => [
    `${bold(service)} ${dim(`${before} → ${after}`)}`,
    ...(same ? [dim("  no differences")] : []),
    ...differences.flatMap(({ field, before: from, after: to }) => [
      `  ${field}`,
      ...(from === undefined ? [] : [red(`    - ${from}`)]),
      ...(to === undefined ? [] : [green(`    + ${to}`)]),
    ]),
    ...notes.map((note) => dim(`  note: ${note}`)),
  ]);
  return parts.map((lines) => lines.join("\n")).join("\n\n");
}
