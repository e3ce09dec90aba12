import { RegistryScanningConfiguration } from "@pulumi/aws/ecr/registryScanningConfiguration.js";
import { Enabler } from "@pulumi/aws/inspector2/enabler.js";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/settings.ts";
import type { Account } from "./account.ts";

export interface ScanningArgs {
  readonly settings: Settings;
  readonly account: pulumi.Output<Account>;
}

/**
 * How the registry scans images: basic on push, or enhanced, continuously, by Inspector, which is
 * switched on for it (and for functions when they are to be scanned).
 *
 * It is one setting for all repositories of an account and region: exactly one stack may own it.
 * Basic scanning is free; Inspector costs about $0.09 for each image pushed and $0.01 for each rescan.
 */
export class Scanning extends pulumi.ComponentResource {
  constructor({ settings, account }: ScanningArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("slipway:index:Scanning", "scanning", {}, options);
    const { scanning, repositories } = settings;
    const everything = [{ filter: "*", filterType: "WILDCARD" }];
    const enhanced = scanning.mode === "enhanced";
    const inspector = enhanced
      ? [
          new Enabler(
            "scanning",
            {
              accountIds: [account.id],
              resourceTypes: scanning.lambda ? ["ECR", "LAMBDA"] : ["ECR"],
            },
            { parent: this },
          ),
        ]
      : [];
    new RegistryScanningConfiguration(
      "scanning",
      {
        scanType: enhanced ? "ENHANCED" : "BASIC",
        rules: enhanced
          ? [{ scanFrequency: "CONTINUOUS_SCAN", repositoryFilters: everything }]
          : repositories.scanOnPush
            ? [{ scanFrequency: "SCAN_ON_PUSH", repositoryFilters: everything }]
            : [],
      },
      { parent: this, dependsOn: inspector },
    );
    this.registerOutputs({});
  }
}
