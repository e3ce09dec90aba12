import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { keptFile } from "../kept-file.ts";

const ageSchema = z.object({
  /** When the emulator says that the image was pushed: another push of it is younger again. Seconds since 1970. */
  reallyPushedAt: z.number(),
  pushedAt: z.number(),
  pulledAt: z.number().optional(),
});

/** The dates that an image was given. */
export type Age = z.output<typeof ageSchema>;

/** Repository → digest → dates. */
const keptSchema = z.record(z.string(), z.record(z.string(), ageSchema));

/** The dates in the past that images of the registry were given, kept over a restart. */
export interface Ages {
  /** Gives images other dates; those of others stay. */
  set(repository: string, ages: ReadonlyMap<string, Age>): Promise<void>;
  /** DescribeImages' answer with these dates. */
  applied(repository: string, answer: unknown): object;
  /** Forgets everything, as a new registry. */
  clear(): Promise<void>;
}

const answerSchema = z.looseObject({
  imageDetails: z
    .array(z.looseObject({ imageDigest: z.string().optional(), imagePushedAt: z.number().optional() }))
    .default([]),
});

/** Opens what a folder keeps. */
export async function openAges(directory: string): Promise<Ages> {
  const file = join(directory, "ages.json");
  let kept = await read(file);
  const { write } = keptFile(file);
  const save = () => write(kept);
  return {
    set(repository, ages) {
      kept = { ...kept, [repository]: { ...kept[repository], ...Object.fromEntries(ages) } };
      return save();
    },
    applied(repository, answer) {
      const document = answerSchema.parse(answer);
      const own = kept[repository] ?? {};
      const imageDetails = document.imageDetails.map((detail) => {
        const age = own[detail.imageDigest ?? ""];
        if (age === undefined || age.reallyPushedAt !== detail.imagePushedAt) return detail;
        const { pushedAt: imagePushedAt, pulledAt: lastRecordedPullTime } = age;
        return {
          ...detail,
          imagePushedAt,
          ...(lastRecordedPullTime === undefined ? {} : { lastRecordedPullTime }),
        };
      });
      return { ...document, imageDetails };
    },
    clear() {
      kept = {};
      return save();
    },
  };
}

/** What was kept; nothing when there is none or it can't be read. */
async function read(file: string): Promise<z.output<typeof keptSchema>> {
  try {
    return keptSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return {};
  }
}
