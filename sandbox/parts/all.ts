import { baseImages } from "./base-images.ts";
import { builder } from "./builder.ts";
import { buildkit, buildNodes } from "./buildkit.ts";
import { docker } from "./docker.ts";
import { emulation } from "./emulation.ts";
import { emulator } from "./emulator.ts";
import { engine } from "./engine.ts";
import type { Part } from "./part.ts";
import { registry } from "./registry.ts";

/** Everything that a sandbox consists of, in an order in which each comes after what it needs. */
export function partsOf(nodes: 1 | 2): readonly Part[] {
  const buildkits = buildNodes(nodes);
  return [
    docker,
    emulation,
    emulator,
    registry,
    ...buildkits.map(buildkit),
    builder(buildkits),
    engine,
    baseImages,
  ];
}

/** The parts of a sandbox with any number of nodes: what `down` stops. */
export function everyPart(): readonly Part[] {
  const all = [...partsOf(1), ...partsOf(2)];
  return [...new Map(all.map((part) => [part.name, part])).values()];
}
