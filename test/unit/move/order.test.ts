import fc from "fast-check";
import { expect, test } from "vitest";
import { groupByOrder } from "../../../runner/move/order.ts";

const targets = fc
  .array(fc.integer({ min: -3, max: 3 }))
  .map((orders) => orders.map((order, position) => ({ order, position })));
const group = (all: readonly { readonly order: number; readonly position: number }[]) =>
  groupByOrder(all, ({ order }) => order);

test("puts every target into one group, that of its order", () => {
  fc.assert(
    fc.property(targets, (all) => {
      const groups = group(all);
      expect(groups.flatMap(({ members }) => members)).toHaveLength(all.length);
      expect(new Set(groups.flatMap(({ members }) => members))).toEqual(new Set(all));
      for (const { order, members } of groups) {
        expect(members.length).toBeGreaterThan(0);
        expect(members.every((member) => member.order === order)).toBe(true);
      }
    }),
  );
});

test("begins with the lowest order, and has each order once", () => {
  fc.assert(
    fc.property(targets, (all) => {
      const orders = group(all).map(({ order }) => order);
      expect(orders).toEqual([...new Set(orders)].sort((one, other) => one - other));
    }),
  );
});

test("keeps the order of the catalogue inside a group", () => {
  fc.assert(
    fc.property(targets, (all) => {
      for (const { members } of group(all)) {
        const positions = members.map(({ position }) => position);
        expect(positions).toEqual(positions.toSorted((one, other) => one - other));
      }
    }),
  );
});
