import { IAM } from "@aws-sdk/client-iam";
import type { iam } from "@pulumi/aws";
import type { AwsContext } from "../../context.ts";
import { unlessGone } from "../../missing-operation.ts";
import type { PropertyValue } from "../../property.ts";
import { defineResource } from "../../resource.ts";
import { allTags, asKeyValues, fromKeyValues, tagChanges } from "../../tags.ts";

const client = (context: AwsContext) => context.client(IAM, "iam");
const gone = ["NoSuchEntityException", "NoSuchEntity"];

export const openIdConnectProvider = defineResource<
  iam.OpenIdConnectProviderArgs,
  iam.OpenIdConnectProvider
>()({
  token: "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
  inputs: {
    clientIdLists: { on: "update", compare: "set" },
    tags: "update",
    thumbprintLists: { on: "update", computed: true },
    url: { on: "replace", compare: withoutScheme },
  },
  computed: { arn: "stable" },

  async create({ url, clientIdLists, thumbprintLists, tags }, context) {
    const { OpenIDConnectProviderArn } = await client(context).createOpenIDConnectProvider({
      Url: url,
      ClientIDList: clientIdLists,
      ThumbprintList: thumbprintLists,
      Tags: asKeyValues(allTags(tags, context)),
    });
    return OpenIDConnectProviderArn ?? "";
  },

  async read(id, _previous, context) {
    const live = await unlessGone(
      client(context).getOpenIDConnectProvider({ OpenIDConnectProviderArn: id }),
      ...gone,
    );
    if (live === undefined) return undefined;
    return {
      id,
      outputs: {
        arn: id,
        clientIdLists: live.ClientIDList ?? [],
        tagsAll: fromKeyValues(live.Tags),
        thumbprintLists: live.ThumbprintList ?? [],
        url: String(withoutScheme(live.Url)),
      },
    };
  },

  async update(OpenIDConnectProviderArn, { inputs, previous, changed }, context) {
    const calls = client(context);
    if (changed.has("clientIdLists")) {
      const before = previous.clientIdLists;
      const after = inputs.clientIdLists;
      for (const ClientID of after.filter((one) => !before.includes(one))) {
        await calls.addClientIDToOpenIDConnectProvider({ OpenIDConnectProviderArn, ClientID });
      }
      for (const ClientID of before.filter((one) => !after.includes(one))) {
        await calls.removeClientIDFromOpenIDConnectProvider({ OpenIDConnectProviderArn, ClientID });
      }
    }
    if (changed.has("thumbprintLists")) {
      const ThumbprintList = inputs.thumbprintLists;
      await calls.updateOpenIDConnectProviderThumbprint({ OpenIDConnectProviderArn, ThumbprintList });
    }
    if (changed.has("tags")) {
      const { set, remove } = tagChanges(previous.tagsAll, allTags(inputs.tags, context));
      if (remove.length > 0) {
        await calls.untagOpenIDConnectProvider({ OpenIDConnectProviderArn, TagKeys: remove });
      }
      if (Object.keys(set).length > 0) {
        await calls.tagOpenIDConnectProvider({ OpenIDConnectProviderArn, Tags: asKeyValues(set) });
      }
    }
  },

  async delete(OpenIDConnectProviderArn, _outputs, context) {
    await unlessGone(client(context).deleteOpenIDConnectProvider({ OpenIDConnectProviderArn }), ...gone);
  },
});

/** AWS gives the address back without `https://`. */
function withoutScheme(url: PropertyValue): PropertyValue {
  return typeof url === "string" ? url.replace(/^https?:\/\//, "") : url;
}
