import { describe, expect, test } from "vitest";
import type { OutdatedService } from "../../../../runner/bases/outdated.ts";
import { exitCodeOfOutdated } from "../../../../runner/commands/outdated/run.ts";
import { chooseRebuilds, skippedText } from "../../../../runner/commands/outdated/select.ts";
import { sha } from "../../targets/fakes.ts";

const moved = [{ name: "node:24", reference: "node:24", from: sha("1"), to: sha("2") }];

function outdated(service: string, changes: Partial<OutdatedService> = {}): OutdatedService {
  return {
    service,
    digest: sha("a"),
    sourceHash: `${service}-1`,
    moved: [],
    pinned: [],
    unknown: [],
    ...changes,
  };
}

const here = (...names: readonly string[]) => new Map(names.map((name) => [name, `${name}-1`]));

describe("the services to build again", () => {
  test("are those whose base images have moved, and no others", () => {
    const services = [outdated("ui", { moved }), outdated("cart"), outdated("orders", { pinned: moved })];
    expect(chooseRebuilds(services, here("ui", "cart", "orders"), new Map())).toEqual({
      names: ["ui"],
      skipped: [],
    });
  });

  test("are not those of which the checkout has another source than what runs", () => {
    const services = [outdated("ui", { moved, commit: "0123456789" }), outdated("cart", { moved })];
    const chosen = chooseRebuilds(services, new Map([...here("cart"), ["ui", "ui-2"]]), new Map());
    expect(chosen).toEqual({
      names: ["cart"],
      skipped: [{ service: "ui", because: "other source", running: sha("a"), commit: "0123456789" }],
    });
    expect(skippedText(chosen.skipped[0] ?? { service: "", because: "unknown source" })).toContain(
      "check out commit 0123456, or run slipway deploy",
    );
  });

  test("are not those whose release does not say what they were built from", () => {
    const { sourceHash: _, ...promoted } = outdated("ui", { moved });
    expect(chooseRebuilds([promoted], here("ui"), new Map()).skipped).toEqual([
      { service: "ui", because: "unknown source" },
    ]);
  });

  test("have with them what is built from them, and what is built from that", () => {
    const services = [outdated("top"), outdated("middle"), outdated("bottom", { moved }), outdated("beside")];
    const needs = new Map([
      ["top", ["middle"]],
      ["middle", ["bottom"]],
    ]);
    const hashes = here("top", "middle", "bottom", "beside");
    expect(chooseRebuilds(services, hashes, needs).names).toEqual(["top", "middle", "bottom"]);
  });
});

test("what was asked for and not built is no success", () => {
  const document = {
    version: 1,
    kind: "outdated",
    stack: "dev",
    account: "111122223333",
    region: "eu-west-1",
    outcome: "outdated",
    services: [],
  } as const;
  const skipped = [{ service: "ui", because: "unknown source" }] as const;
  expect(exitCodeOfOutdated(document)).toBe(0);
  expect(exitCodeOfOutdated({ ...document, rebuild: { services: [], skipped: [] } })).toBe(0);
  expect(exitCodeOfOutdated({ ...document, rebuild: { services: [], skipped } })).toBe(3);
});
