import { join } from "node:path";
import { z } from "zod";
import { between, type GeneratedFile } from "./page.ts";

const rulesFile = join(import.meta.dirname, "../../.dependency-cruiser.mjs");
const rules = z.object({ floors: z.array(z.array(z.string())).min(1) });

/** The picture of rooms and floors, drawn from the list that the import check enforces. */
export const floorsPicture: GeneratedFile = {
  path: "docs/explanation/architecture.md",
  render: async (current) => {
    const { floors } = rules.parse(await import(rulesFile));
    return between(current, "floors", `\`\`\`text\n${draw(floors)}\n\`\`\``);
  },
};

const width = 78;

/** Floors as boxes, the highest first. */
function draw(floors: readonly (readonly string[])[]): string {
  const line = `+${"-".repeat(width)}+`;
  const boxes = floors.toReversed().flatMap((rooms) => [`| ${rooms.join("   ").padEnd(width - 2)} |`, line]);
  return [line, ...boxes].join("\n");
}
