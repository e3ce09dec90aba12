import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import {
  type ProposedImage,
  proposalBranch,
  proposalText,
  readMarker,
  withdrawnBody,
} from "../../../../../runner/targets/gitops/propose/body.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const host = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";
const image = (service: string, changes: Partial<ProposedImage> = {}): ProposedImage => ({
  service,
  title: `gitops acme/deploy@main:${service}.yaml image`,
  before: `${host}/shop/${service}@${digest("0")}`,
  reference: `${host}/shop/${service}@${digest("1")}`,
  revision: "b".repeat(40),
  changes: {
    before: "a".repeat(40),
    commits: [{ id: "b".repeat(40), subject: "Fix <b> for @ann | #12" }],
    more: 2,
    sizeBefore: 12_340_000,
    sizeAfter: 12_900_000,
  },
  gates: [
    { gate: "findings", verdict: "passed", message: "0 critical, 2 high waived" },
    { gate: "image", verdict: "passed" },
  ],
  ...changes,
});
const textOf = (images: readonly ProposedImage[]) =>
  proposalText(images, "dev", "Deploy ui on dev", undefined);

describe("the branch of a proposal", () => {
  const target = (service: string, title = `gitops ${service}`) => ({ service, title });

  test("is the same for a stack and a set of targets, in any order", () => {
    const one = proposalBranch("dev", [target("ui"), target("cart")]);
    expect(one).toBe(proposalBranch("dev", [target("cart"), target("ui")]));
    expect(one).toMatch(/^slipway\/dev\/cart\+ui-[0-9a-f]{8}$/);
  });

  test("is another for another stack, service, or place of the same service", () => {
    const all = [
      proposalBranch("dev", [target("ui")]),
      proposalBranch("prod", [target("ui")]),
      proposalBranch("dev", [target("cart")]),
      proposalBranch("dev", [target("ui", "gitops other")]),
      proposalBranch("dev", [target("ui"), target("cart")]),
      // These two are alike once what git does not allow is replaced.
      proposalBranch("a b", [target("ui")]),
      proposalBranch("a~b", [target("ui")]),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test.each(["dev", "acme/shop/dev", "..", "a..b", ".a", "a.lock", "a b~^:?*[\\", "é"])(
    "of the stack %j is one that git takes",
    (stack) => {
      const many = Array.from({ length: 40 }, (_, index) => target(`service-${index}`));
      for (const targets of [[target("ui")], many]) {
        execFileSync("git", ["check-ref-format", "--branch", proposalBranch(stack, targets)]);
      }
    },
  );
});

describe("the text of a proposal", () => {
  test("says what changes for each service, and names no account", () => {
    const { body } = textOf([image("ui"), image("cart", { changes: undefined, revision: undefined })]);
    expect(body).toContain(
      "| `ui` | `shop/ui@sha256:000000000000` | `shop/ui@sha256:111111111111` | `aaaaaaa` → `bbbbbbb` | 12.3 MB → 12.9 MB |",
    );
    expect(body).toContain(
      "| `cart` | `shop/cart@sha256:000000000000` | `shop/cart@sha256:111111111111` |  |  |",
    );
    expect(body).toContain("ui: 3 commits");
    expect(body).toContain("- `bbbbbbb` Fix &lt;b&gt; for @\u200bann \\| \\#12\n- and 2 more");
    expect(body).toContain("| `ui` | findings | passed | 0 critical, 2 high waived |");
    expect(body).not.toContain("111122223333");
  });

  test("is the same for the same images in any order", () => {
    const images = [image("ui"), image("cart")];
    expect(textOf(images)).toEqual(textOf(images.toReversed()));
  });

  test("has a mark by which the images are known again, also after they were withdrawn", () => {
    const { body } = textOf([image("ui")]);
    const marker = readMarker(body);
    expect(marker).toMatchObject({ isWithdrawn: false });
    expect(readMarker(withdrawnBody(body, "ecs shop/ui failed"))).toEqual({ ...marker, isWithdrawn: true });
    expect(
      readMarker(textOf([image("ui", { reference: `${host}/shop/ui@${digest("2")}` })]).body)?.key,
    ).not.toBe(marker?.key);
    expect(readMarker("written by hand")).toBeUndefined();
  });
});
