import { IAM } from "@aws-sdk/client-iam";
import type { iam } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import { asDocument, defineResource } from "../../resource.ts";
import { allTags, asKeyValues, fromKeyValues, tagChanges } from "../../tags.ts";

const client = (context: AwsContext) => context.client(IAM, "iam");
const gone = ["NoSuchEntityException", "NoSuchEntity"];

/** IAM keeps so many versions of a policy. */
const maximumVersions = 5;

export const policy = defineResource<iam.PolicyArgs, iam.Policy>()({
  token: "aws:iam/policy:Policy",
  inputs: {
    delayAfterPolicyCreationInMs: "unsupported",
    description: "replace",
    name: "replace",
    namePrefix: "unsupported",
    path: { on: "replace", fallback: "/" },
    policy: { on: "update", compare: "policy" },
    tags: "update",
  },
  computed: { arn: "stable", attachmentCount: "changes", policyId: "stable" },
  autoName: "name",

  async create({ name, description, path, policy: document, tags }, context) {
    const { Policy } = await client(context).createPolicy({
      PolicyName: name,
      Description: description,
      Path: path,
      PolicyDocument: asDocument(document),
      Tags: asKeyValues(allTags(tags, context)),
    });
    return Policy?.Arn ?? "";
  },

  async read(id, _previous, context) {
    const calls = client(context);
    const found = await unlessGone(calls.getPolicy({ PolicyArn: id }), ...gone);
    const live = found?.Policy;
    if (live === undefined) return undefined;
    const { PolicyVersion } = await calls.getPolicyVersion({
      PolicyArn: id,
      VersionId: live.DefaultVersionId,
    });
    return {
      id,
      outputs: {
        arn: id,
        attachmentCount: live.AttachmentCount ?? 0,
        description: live.Description,
        name: live.PolicyName ?? "",
        path: live.Path,
        policy: decodeURIComponent(PolicyVersion?.Document ?? ""),
        policyId: live.PolicyId ?? "",
        tagsAll: fromKeyValues(live.Tags),
      },
    };
  },

  async update(PolicyArn, { inputs, previous, changed }, context) {
    const calls = client(context);
    if (changed.has("policy")) {
      await makeRoom(PolicyArn, context);
      const PolicyDocument = asDocument(inputs.policy);
      await calls.createPolicyVersion({ PolicyArn, PolicyDocument, SetAsDefault: true });
    }
    if (changed.has("tags")) {
      const { set, remove } = tagChanges(previous.tagsAll, allTags(inputs.tags, context));
      if (remove.length > 0) await calls.untagPolicy({ PolicyArn, TagKeys: remove });
      if (Object.keys(set).length > 0) await calls.tagPolicy({ PolicyArn, Tags: asKeyValues(set) });
    }
  },

  async delete(PolicyArn, _outputs, context) {
    const calls = client(context);
    for (const { VersionId } of await otherVersions(PolicyArn, context)) {
      await calls.deletePolicyVersion({ PolicyArn, VersionId });
    }
    await unlessGone(calls.deletePolicy({ PolicyArn }), ...gone);
  },
});

/** Takes the oldest version away when there are as many as IAM keeps. */
async function makeRoom(PolicyArn: string, context: AwsContext): Promise<void> {
  const others = await otherVersions(PolicyArn, context);
  if (others.length + 1 < maximumVersions) return;
  const number = ({ VersionId = "v0" }) => Number(VersionId.slice(1));
  const [oldest] = others.toSorted((a, b) => number(a) - number(b));
  await client(context).deletePolicyVersion({ PolicyArn, VersionId: oldest?.VersionId });
}

/** The versions of a policy that are not its default one. */
async function otherVersions(PolicyArn: string, context: AwsContext) {
  const found = await unlessGone(client(context).listPolicyVersions({ PolicyArn }), ...gone);
  return (found?.Versions ?? []).filter(({ IsDefaultVersion }) => IsDefaultVersion !== true);
}
