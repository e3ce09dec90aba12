import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { UserError } from "../../../config/problems/errors.ts";
import { firstLine } from "../../../config/problems/first-line.ts";
import { listPrices, type Prices, pricesSchema } from "../../../lifecycle/prices.ts";

/**
 * A number of days or images.
 *
 * @throws UserError for what is not a number, or less than 0
 */
export function numberOf(where: string, value: number): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new UserError({
    code: "usage",
    where,
    value,
    message: "is not a valid number",
    fix: "give a number that is not below 0",
  });
}

/** `numberOf`, of an option that may be left out. */
export function optionalNumberOf(where: string, value: number | undefined): number | undefined {
  return value === undefined ? undefined : numberOf(where, value);
}

/**
 * The table of prices from a file, or Slipway's own.
 *
 * @throws UserError for a file that can't be read, or is not such a table
 */
export async function readPrices(file: string | undefined, directory: string): Promise<Prices> {
  if (file === undefined) return listPrices;
  try {
    return pricesSchema.parse(JSON.parse(await readFile(resolve(directory, file), "utf8")));
  } catch (error) {
    throw new UserError(
      {
        code: "usage",
        where: "--prices",
        value: file,
        message: `is not a table of prices: ${firstLine(error)}`,
        fix: "see the format in docs/reference/retention.md",
      },
      { cause: error },
    );
  }
}
