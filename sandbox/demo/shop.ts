import type { Clients } from "../../runner/aws/clients.ts";
import { type Answer, askFunction, askService } from "./answers.ts";

/** The services of the shop that run on ECS, in the order of services.yaml. */
const webServices = ["ui", "catalog", "cart", "orders"] as const;

/** What is put into the cart to see what checkout says. */
const order = { items: [{ sku: "mug", quantity: 2 }] };

/** What every service of the shop answers now, and its function. */
export async function askShop(
  clients: Clients,
  stack: string,
  signal: AbortSignal,
): Promise<readonly Answer[]> {
  const answers = await Promise.all([
    ...webServices.map((service) => askService(clients.ecs, `shop-${stack}`, service, signal)),
    askFunction(clients.lambda, `shop-checkout-${stack}`, "live", order, signal).then((answer) => [
      { ...answer, service: "checkout" },
    ]),
  ]);
  return answers.flat();
}
