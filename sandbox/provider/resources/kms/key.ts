import { type CustomerMasterKeySpec, type KeyUsageType, KMS } from "@aws-sdk/client-kms";
import type { kms } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { defineResource } from "../../resource.ts";
import { allTags, type Tags, tagChanges } from "../../tags.ts";

const client = (context: AwsContext) => context.client(KMS, "kms");

export const key = defineResource<kms.KeyArgs, kms.Key>()({
  token: "aws:kms/key:Key",
  inputs: {
    bypassPolicyLockoutSafetyCheck: { on: "update", local: true },
    customKeyStoreId: "unsupported",
    customerMasterKeySpec: { on: "replace", fallback: "SYMMETRIC_DEFAULT" },
    deletionWindowInDays: { on: "update", local: true },
    description: { on: "update", computed: true },
    enableKeyRotation: { on: "update", fallback: false },
    isEnabled: { on: "update", fallback: true },
    keyUsage: { on: "replace", fallback: "ENCRYPT_DECRYPT" },
    multiRegion: { on: "replace", fallback: false },
    policy: { on: "update", computed: true, compare: "policy" },
    region: { on: "replace", computed: true },
    rotationPeriodInDays: { on: "update", computed: true },
    tags: "update",
    xksKeyId: "unsupported",
  },
  computed: { arn: "stable", keyId: "stable" },

  async create(inputs, context) {
    const kms = client(context);
    const { KeyMetadata } = await kms.createKey({
      Description: inputs.description,
      KeySpec: inputs.customerMasterKeySpec as CustomerMasterKeySpec | undefined,
      KeyUsage: inputs.keyUsage as KeyUsageType | undefined,
      MultiRegion: inputs.multiRegion,
      Policy: inputs.policy,
      BypassPolicyLockoutSafetyCheck: inputs.bypassPolicyLockoutSafetyCheck,
      Tags: asKeyTags(allTags(inputs.tags, context)),
    });
    const KeyId = KeyMetadata?.KeyId ?? "";
    if (inputs.enableKeyRotation) {
      await kms.enableKeyRotation({ KeyId, RotationPeriodInDays: inputs.rotationPeriodInDays });
    }
    if (inputs.isEnabled === false) await kms.disableKey({ KeyId });
    return KeyId;
  },

  async read(id, _previous, context) {
    const kms = client(context);
    const found = await unlessGone(kms.describeKey({ KeyId: id }), "NotFoundException");
    const metadata = found?.KeyMetadata;
    // A key that waits for its deletion is gone, as far as a stack is concerned.
    if (metadata === undefined || metadata.KeyState?.startsWith("Pending")) return undefined;
    const [{ Policy }, rotation, { Tags }] = await Promise.all([
      kms.getKeyPolicy({ KeyId: id, PolicyName: "default" }),
      unlessGone(kms.getKeyRotationStatus({ KeyId: id }), "UnsupportedOperationException"),
      kms.listResourceTags({ KeyId: id }),
    ]);
    return {
      id: metadata.KeyId ?? id,
      outputs: {
        arn: metadata.Arn ?? "",
        customerMasterKeySpec: metadata.KeySpec,
        description: metadata.Description ?? "",
        enableKeyRotation: rotation?.KeyRotationEnabled ?? false,
        isEnabled: metadata.Enabled,
        keyId: metadata.KeyId ?? id,
        keyUsage: metadata.KeyUsage,
        multiRegion: metadata.MultiRegion ?? false,
        policy: Policy ?? "",
        rotationPeriodInDays: rotation?.KeyRotationEnabled ? (rotation.RotationPeriodInDays ?? 365) : 0,
        tagsAll: Object.fromEntries((Tags ?? []).map(({ TagKey = "", TagValue = "" }) => [TagKey, TagValue])),
      },
    };
  },

  async update(KeyId, { inputs, previous, changed }, context) {
    const kms = client(context);
    if (changed.has("isEnabled") && inputs.isEnabled !== false) await kms.enableKey({ KeyId });
    if (changed.has("description")) {
      await kms.updateKeyDescription({ KeyId, Description: inputs.description ?? "" });
    }
    if (changed.has("policy") && inputs.policy !== undefined) {
      await kms.putKeyPolicy({ KeyId, PolicyName: "default", Policy: inputs.policy });
    }
    if (changed.has("enableKeyRotation") || changed.has("rotationPeriodInDays")) {
      if (inputs.enableKeyRotation) {
        await kms.enableKeyRotation({ KeyId, RotationPeriodInDays: inputs.rotationPeriodInDays });
      } else await kms.disableKeyRotation({ KeyId });
    }
    if (changed.has("isEnabled") && inputs.isEnabled === false) await kms.disableKey({ KeyId });
    if (changed.has("tags")) {
      const { set, remove } = tagChanges(previous.tagsAll, allTags(inputs.tags, context));
      if (remove.length > 0) await kms.untagResource({ KeyId, TagKeys: remove });
      if (Object.keys(set).length > 0) await kms.tagResource({ KeyId, Tags: asKeyTags(set) });
    }
  },

  async delete(KeyId, { deletionWindowInDays }, context) {
    await unlessGone(
      client(context).scheduleKeyDeletion({ KeyId, PendingWindowInDays: deletionWindowInDays }),
      "NotFoundException",
      // It waits for its deletion already.
      "KMSInvalidStateException",
    );
  },
});

const asKeyTags = (tags: Tags) => Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
