import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { ImageFunction } from "./image-function.ts";
import { imagesOf } from "./images.ts";
import { defaultNetwork } from "./network.ts";
import { readSettings } from "./settings.ts";
import { WebService } from "./web-service.ts";

// What runs the shop. Images come from the platform's stack. After the first `up`, only `slipway deploy`
// changes which image each service and the function run.

const stack = pulumi.getStack();
const prefix = `shop-${stack}`;
const settings = readSettings();

const imageOf = imagesOf(settings.platform, settings.architecture.platform);
const network = defaultNetwork(prefix);
const shop = new aws.ecs.Cluster("shop", { name: prefix });

const webServices = ["ui", "catalog", "cart", "orders"].map(
  (name) => new WebService(name, { cluster: shop, network, image: imageOf(name), settings, prefix }),
);

const checkout = new ImageFunction("checkout", {
  functionName: `shop-checkout-${stack}`,
  image: imageOf("checkout"),
  settings,
});

/** Name of the cluster. */
export const cluster = shop.name;
/** Names of the services in the cluster. */
export const services = pulumi.all(webServices.map((service) => service.serviceName));
export const functionName = checkout.functionName;
export const functionArn = checkout.functionArn;
/** Alias that callers invoke, and its ARN. */
export const alias = checkout.aliasName;
export const aliasArn = checkout.aliasArn;
