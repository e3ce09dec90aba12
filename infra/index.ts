import "./start-up.ts";
import * as pulumi from "@pulumi/pulumi";
import { imagesOnlyVariable } from "../config/names.ts";

// What a run does not declare, it does not load.
const outputs =
  process.env[imagesOnlyVariable] === undefined
    ? await (await import("./stack.ts")).declareStack(process.cwd(), pulumi.getStack())
    : await (await import("./images/images-only.ts")).declareImages(process.cwd(), pulumi.getStack());

// Outputs: names that other stacks and the runner rely on (config/stack/outputs.ts).
export const { services, topicArn, keyArn, alarmArns, dashboard, roleArns } = outputs;
