import { relative } from "node:path";
import Table from "cli-table3";
import type { Aged } from "../ecr/ages/request.ts";
import type { SandboxState } from "../state.ts";
import type { SandboxStatus } from "../status.ts";

/** What to know and do once the sandbox is up. */
export function describeUp(state: SandboxState): string {
  return [
    "The sandbox is up.",
    `  AWS       ${state.endpoint}  (account ${state.account}, ${state.region})`,
    `  registry  ${state.registry}`,
    `  Docker    ${state.dockerHost}`,
    `  builder   ${state.builder}`,
    "",
    'For pulumi, docker and aws in this shell: eval "$(slipway sandbox env)"',
    "To stop it: slipway sandbox down",
  ].join("\n");
}

/** The most images that a text lists; JSON has all. */
const mostAged = 20;

/** Images and the dates that they have now, the newest first. */
export function describeAged(repository: string, { images }: Aged): string {
  const newest = images.toSorted((one, other) => other.pushedAt.localeCompare(one.pushedAt));
  const lines = newest.slice(0, mostAged).map(({ digest, tags, pushedAt, pulledAt, parts }) => {
    const name = tags.length === 0 ? digest.slice(0, 19) : tags.join(", ");
    const more = parts === 0 ? "" : ` (with ${parts} ${parts === 1 ? "part" : "parts"})`;
    const pulled = pulledAt === undefined ? "" : `, last pulled ${pulledAt.slice(0, 10)}`;
    return `  ${pushedAt.slice(0, 10)}  ${name}${more}${pulled}`;
  });
  const rest = images.length - lines.length;
  return [
    `${repository}: ${images.length} ${images.length === 1 ? "image was" : "images were"} pushed on other days now.`,
    ...lines,
    ...(rest > 0 ? [`  ${rest} more`] : []),
    "They keep these dates until sandbox reset.",
  ].join("\n");
}

/** The parts as a table, and under it what is broken and why. Paths are relative to the project. */
export function statusTable(status: SandboxStatus, root: string): string {
  const table = new Table({
    head: ["part", "state", "version", "from", "at", "process", "log"],
    style: { head: [], border: [], compact: true },
    chars: plain,
  });
  for (const part of status.parts) {
    table.push([
      part.name,
      part.state,
      part.version ?? "",
      part.origin ?? "",
      shortened(part.address ?? "", root),
      part.pid === undefined ? "" : String(part.pid),
      part.log === undefined ? "" : relative(root, part.log),
    ]);
  }
  const broken = status.parts.flatMap((part) =>
    part.reason === undefined ? [] : [`${part.name}: ${part.reason}`],
  );
  const advice = {
    up: [],
    broken: ["", ...broken, "To repair it: slipway sandbox up"],
    down: ["", "To bring it up: slipway sandbox up"],
  }[status.state];
  return [`The sandbox is ${status.state}.`, "", table.toString(), ...advice].join("\n");
}

/** An address with paths inside of the project relative to it. */
function shortened(address: string, root: string): string {
  return address.replace(`${root}/`, "");
}

const plain = Object.fromEntries(
  [
    ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
    ...["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"],
  ].map((name) => [name, name === "middle" ? "  " : ""]),
);
