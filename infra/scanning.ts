import { PullTimeUpdateExclusion } from "@pulumi/aws/ecr/pullTimeUpdateExclusion.js";
import { RegistryScanningConfiguration } from "@pulumi/aws/ecr/registryScanningConfiguration.js";
import { Enabler } from "@pulumi/aws/inspector2/enabler.js";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/settings.ts";
import { inspectorRescan, rescanCommand } from "../config/stack/scanning.ts";
import type { Account } from "./account.ts";

export interface ScanningArgs {
  readonly settings: Settings;
  readonly account: pulumi.Output<Account>;
}

/**
 * How the registry scans images: basic on push, or enhanced, continuously, by Inspector, which is
 * switched on for it (and for functions when they are to be scanned). Pulls of principals that are named, such as
 * those of scanners, leave the time of an image's last pull alone.
 *
 * It is one setting for all repositories of an account and region: exactly one stack may own it.
 * Basic scanning is free; Inspector costs about $0.09 for each image pushed and $0.01 for each rescan.
 */
export class Scanning extends pulumi.ComponentResource {
  constructor({ settings, account }: ScanningArgs, options: pulumi.ComponentResourceOptions = {}) {
    super("slipway:index:Scanning", "scanning", {}, options);
    const { scanning } = settings;
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
      { scanType: enhanced ? "ENHANCED" : "BASIC", rules: scanningRules(settings) },
      { parent: this, dependsOn: inspector },
    );
    for (const principalArn of new Set(scanning.pullTimeExclusions)) {
      // Named by the principal: an order of the list is nobody's change.
      new PullTimeUpdateExclusion(`scanning-${principalArn}`, { principalArn }, { parent: this });
    }
    sayRescan(settings, this);
    this.registerOutputs({});
  }
}

/**
 * Says in every preview and run that the re-scan duration is not declared: the provider has no resource for it
 * (`aws.inspector2` has Enabler, Filter, MemberAssociation and what organizations need).
 */
function sayRescan({ scanning, aws, stack }: Settings, resource: pulumi.Resource): void {
  if (scanning.rescan === undefined) return;
  const command = rescanCommand(inspectorRescan(scanning.rescan), aws);
  const message = `slipway:scanning.rescan is not set by this run: Pulumi has no resource for it. \`slipway doctor --stack ${stack}\` compares it with the account. This command sets it: ${command}`;
  void pulumi.log.info(message, resource);
}

/** A rule for each frequency: ECR takes one of each, with up to a hundred filters. */
function scanningRules({ scanning, repositories }: Pick<Settings, "scanning" | "repositories">) {
  const { mode, filters } = scanning;
  const whole = ["*"];
  const { onPush, continuous } = filters ?? {
    onPush: mode === "basic" && repositories.scanOnPush ? whole : [],
    continuous: mode === "enhanced" ? whole : [],
  };
  const rule = (scanFrequency: string, patterns: readonly string[]) =>
    patterns.length === 0
      ? []
      : [
          {
            scanFrequency,
            repositoryFilters: patterns.map((filter) => ({ filter, filterType: "WILDCARD" })),
          },
        ];
  return [...rule("CONTINUOUS_SCAN", continuous), ...rule("SCAN_ON_PUSH", onPush)];
}
