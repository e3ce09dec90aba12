import { describe, expect, test } from "vitest";
import { createConformance } from "../../aws/conformance.ts";
import { deviationsOf, deviationsOfCall } from "../../aws/exchange.ts";

const signed = (service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=key/20261101/eu-west-1/${service}/aws4_request, SignedHeaders=host`,
});

interface Sent {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** `path: kind` of what deviates in a request and its answer. */
function found(sent: Sent, answered: { status?: number; headers?: Record<string, string>; body?: string }) {
  const { method = "POST", url = "/", headers = {}, body = "" } = sent;
  const answer = { status: 200, headers: {}, ...answered, body: Buffer.from(answered.body ?? "") };
  return deviationsOf({ request: { method, url, headers, body: Buffer.from(body) }, answer }).map(
    ({ side, path, kind }) => `${side} ${path}: ${kind}`,
  );
}

describe("a call in JSON", () => {
  const target = { "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.PutImage" };
  const call = (input: object, output: object) =>
    found({ headers: target, body: JSON.stringify(input) }, { body: JSON.stringify(output) });
  const input = { repositoryName: "shop/ui", imageManifest: "{}" };
  const image = { image: { imageId: { imageTag: "v1" }, imageManifest: "{}" } };

  test("that is as AWS has it has nothing to report", () => {
    expect(call(input, image)).toEqual([]);
  });

  test("is reported for members that AWS does not know, and for what is of another type", () => {
    expect(call({ ...input, tag: "v1" }, { image: { imageId: "v1", size: 1 } })).toEqual([
      "request tag: unknown-member",
      "answer image.imageId: wrong-type",
      "answer image.size: unknown-member",
    ]);
  });

  test("is reported for what is missing, too long, or not of the pattern, in requests only", () => {
    expect(call({ repositoryName: "Shop", imageTag: "v".repeat(301) }, image)).toEqual([
      "request repositoryName: pattern",
      "request imageTag: length",
      "request imageManifest: missing-member",
    ]);
  });

  test("takes a member that is null for one that is not there", () => {
    expect(call({ ...input, imageTag: null }, { image: null })).toEqual([]);
  });

  test("is reported for errors that the service does not have", () => {
    const error = (code: string) => ({ status: 400, body: JSON.stringify({ __type: code }) });
    const sent = { headers: target, body: JSON.stringify(input) };
    expect(found(sent, error("ImageAlreadyExistsException"))).toEqual([]);
    expect(found(sent, error("ThrottlingException"))).toEqual([]);
    expect(found(sent, error("com.amazonaws.ecr#Oops"))).toEqual(["answer : unknown-error"]);
  });

  test("of an operation that AWS does not have is reported", () => {
    expect(found({ headers: { "x-amz-target": "AmazonSSM.MakeCoffee" } }, {})).toEqual([
      "request : unknown-operation",
    ]);
  });

  test("is reported for a value outside of an enum, wherever it is", () => {
    const services = [{ deployments: [{ rolloutState: "DONE" }] }];
    const headers = { "x-amz-target": "AmazonEC2ContainerServiceV20141113.DescribeServices" };
    expect(found({ headers, body: '{"services":["ui"]}' }, { body: JSON.stringify({ services }) })).toEqual([
      "answer services[].deployments[].rolloutState: not-in-enum",
    ]);
  });
});

describe("a call in forms and XML", () => {
  const sent = (body: string) => ({ headers: signed("iam"), body: `Version=2010-05-08&${body}` });
  const role = (inner: string) => ({
    body: `<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role><Path>/</Path><RoleName>a</RoleName><RoleId>AROAEXAMPLEEXAMPLE</RoleId><Arn>arn:aws:iam::111122223333:role/a</Arn><CreateDate>2026-11-01T00:00:00Z</CreateDate>${inner}</Role></GetRoleResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetRoleResponse>`,
  });

  test("that is as AWS has it has nothing to report", () => {
    const tags = "<Tags><member><Key>team</Key><Value>shop</Value></member></Tags>";
    expect(found(sent("Action=GetRole&RoleName=a"), role(tags))).toEqual([]);
  });

  test("is reported for members and lists of another form", () => {
    expect(
      found(sent("Action=GetRole&Role=a"), role("<Tags><Tag><Key>a</Key></Tag></Tags><Age>1</Age>")),
    ).toEqual([
      "request Role: unknown-member",
      "request RoleName: missing-member",
      "answer Role.Tags: wrong-type",
      "answer Role.Age: unknown-member",
    ]);
  });

  test("has its lists and numbers read from the form", () => {
    const simulate = "Action=SimulatePrincipalPolicy&PolicySourceArn=arn:aws:iam::111122223333:role/a";
    const answer = {
      body: "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>maybe</IsTruncated></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>",
    };
    const form = `${simulate}&ActionNames.member.1=ecs:RunTask&ActionNames.member.2=x&MaxItems=many`;
    expect(found(sent(form), answer)).toEqual([
      "request ActionNames[]: length",
      "request MaxItems: wrong-type",
      "answer IsTruncated: wrong-type",
    ]);
  });
});

describe("a call by method and path", () => {
  test("is known by both, and has members in path, query and body", () => {
    const sent = {
      method: "PUT",
      url: "/2015-03-31/functions/pay/code",
      headers: signed("lambda"),
      body: '{"ImageUri":"r/pay@sha256:1","Publish":"yes"}',
    };
    expect(found(sent, { body: '{"FunctionName":"pay","State":"Activ"}' })).toEqual([
      "request Publish: wrong-type",
      "answer State: not-in-enum",
    ]);
    const query = { ...sent, method: "GET", url: "/2015-03-31/functions/pay/versions?MaxItems=0", body: "" };
    expect(found(query, { body: '{"Versions":[]}' })).toEqual(["request MaxItems: range"]);
  });
});

describe("what each member allows, and AWS's documents do not", () => {
  const deployments = [{ id: "ecs-svc/1", status: "PRIMARY", rolloutState: "COMPLETED" }];
  test.each([
    [{ strategy: "ROLLING" }, 0],
    [{ strategy: "BLUE_GREEN" }, 1],
  ])("deployments of %j with a rollout state: %i", (deploymentConfiguration, count) => {
    const output = { services: [{ deployments, deploymentConfiguration }] };
    const deviations = deviationsOfCall("ecs", "DescribeServices", { input: { services: ["ui"] }, output });
    expect(deviations).toHaveLength(count);
  });

  test("a simulation answers by resource, and an image that is not there is a failure", () => {
    const arn = "arn:aws:ecr:eu-west-1:111122223333:repository/ui";
    const PolicySourceArn = "arn:aws:iam::111122223333:role/a";
    const result = { EvalActionName: "ecr:PutImage", EvalResourceName: arn, EvalDecision: "allowed" };
    const simulated = deviationsOfCall("iam", "SimulatePrincipalPolicy", {
      input: { PolicySourceArn, ActionNames: ["ecr:PutImage"], ResourceArns: [arn] },
      output: { EvaluationResults: [result] },
    });
    expect(simulated.map(({ path }) => path)).toEqual([
      "EvaluationResults[].EvalResourceName",
      "EvaluationResults[].ResourceSpecificResults",
    ]);
    const input = { repositoryName: "ui", imageIds: [{ imageTag: "v1" }] };
    expect(deviationsOfCall("ecr", "BatchGetImage", { input, output: { images: [] } })).toHaveLength(1);
  });
});

describe("what passes between a run and the local AWS", () => {
  const ecs = (name: string, input: object, output: object, userAgent = "") => ({
    request: {
      method: "POST",
      url: "/",
      headers: { "x-amz-target": `AmazonEC2ContainerServiceV20141113.${name}`, "user-agent": userAgent },
      body: Buffer.from(JSON.stringify(input)),
    },
    answer: { status: 200, headers: {}, body: Buffer.from(JSON.stringify(output)) },
  });
  const described = ecs(
    "DescribeTaskDefinition",
    { taskDefinition: "ui" },
    { taskDefinition: { pidMode: "" } },
  );
  const registered = ecs(
    "RegisterTaskDefinition",
    { family: "ui", containerDefinitions: [], pidMode: "" },
    {},
  );

  test("is reported by operation and member when it is not known of the emulator", () => {
    const conformance = createConformance();
    conformance.note(ecs("DescribeServices", { services: ["ui"] }, { servces: [] }));
    expect(conformance.unexpected()).toEqual([
      expect.stringMatching(/^ecs:DescribeServices answer servces: unknown-member/),
    ]);
  });

  test("may have what the emulator is known for", () => {
    const conformance = createConformance();
    conformance.note(described);
    expect(conformance.unexpected()).toEqual([]);
  });

  test("may say back to the emulator what it has answered, and nothing else that AWS refuses", () => {
    const copied = createConformance();
    copied.note(described);
    copied.note(registered);
    expect(copied.unexpected()).toEqual([]);
    const made = createConformance();
    made.note(registered);
    expect(made.unexpected()).toEqual([
      expect.stringMatching(/^ecs:RegisterTaskDefinition request pidMode: not-in-enum/),
    ]);
  });
});
