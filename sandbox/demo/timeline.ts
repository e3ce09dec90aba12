import Table from "cli-table3";

/** One chapter of the story and how long it took. */
export interface Chapter {
  readonly title: string;
  readonly seconds: number;
}

/** Where the time went, as a table with bars. */
export function timeline(chapters: readonly Chapter[]): string {
  const longest = Math.max(...chapters.map((chapter) => chapter.seconds), 0.001);
  const table = new Table({
    head: ["", "seconds", ""],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "right", "left"],
  });
  for (const { title, seconds } of chapters) {
    table.push([title, seconds.toFixed(1), "▇".repeat(Math.max(1, Math.round((seconds / longest) * 30)))]);
  }
  const total = chapters.reduce((sum, chapter) => sum + chapter.seconds, 0);
  table.push(["all", total.toFixed(1), ""]);
  return table.toString();
}
