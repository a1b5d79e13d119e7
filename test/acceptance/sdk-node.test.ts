import { Region } from "@huaweicloud/huaweicloud-sdk-core";
import {
  AuthScope,
  AuthScopeProject,
  CreateTemporaryAccessKeyByTokenRequest,
  CreateTemporaryAccessKeyByTokenRequestBody,
  IdentityToken,
  KeystoneCreateUserTokenByPasswordRequest,
  KeystoneCreateUserTokenByPasswordRequestBody,
  KeystoneListProjectsRequest,
  KeystoneValidateTokenRequest,
  PwdAuth,
  PwdIdentity,
  PwdPassword,
  PwdPasswordUser,
  PwdPasswordUserDomain,
  TokenAuth,
  TokenAuthIdentity,
} from "@huaweicloud/huaweicloud-sdk-iam/v3/public-api.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startNode } from "../support/node.ts";
import type { SearchNode } from "../support/node.ts";
import { basicCredentials, CssClient, exceptionOf, iamClient } from "../support/node-sdk.ts";
import type { AccessKey } from "../support/node-sdk.ts";
import { startPostern } from "../support/postern.ts";
import type { Postern } from "../support/postern.ts";
import { createEndpoint, ok, Service } from "../support/service.ts";
import type { Connections, Endpoint } from "../support/service.ts";
import { openSession, refusalOf } from "../support/session.ts";
import { createTenant } from "../support/tenant.ts";
import type { Tenant } from "../support/tenant.ts";
import { aTime, aUuid, anAddress } from "../support/wire.ts";

/** The published Node clients, unchanged: nothing but their endpoint tells them apart from those of the cloud. */

let postern: Postern;
let node: SearchNode;
let service: Service;
let consumer: Tenant;
beforeAll(async () => {
  node = await startNode();
  postern = await startPostern();
  service = await Service.register(postern, "logs", [node]);
  consumer = await createTenant(postern, "consumer");
});
afterAll(async () => {
  await postern.stop();
  await node.stop();
});

const iam = () => iamClient(postern.endpoint, postern.admin);

const css = (key: AccessKey = postern.admin) =>
  CssClient.withKey(postern.endpoint, basicCredentials(key, postern.endpoint, postern.admin.project_id));

async function signIn(password: string) {
  const user = new PwdPasswordUser(
    new PwdPasswordUserDomain().withName("postern"),
    postern.admin.user,
    password,
  );
  const project = new AuthScopeProject().withName(postern.admin.region);
  const auth = new PwdAuth(
    new PwdIdentity(["password"], new PwdPassword(user)),
    new AuthScope().withProject(project),
  );
  const body = new KeystoneCreateUserTokenByPasswordRequestBody(auth);
  return await iam().keystoneCreateUserTokenByPassword(
    new KeystoneCreateUserTokenByPasswordRequest().withBody(body),
  );
}

/** The header's name, as the client puts it beside the body. */
const tokenOf = (answer: object): string => String(Reflect.get(answer, "X-Subject-Token"));

const listRefused = (key: AccessKey) => exceptionOf(css(key).connections(service.clusterId));

describe("the identity client", () => {
  test("finds the account and the project of a region", async () => {
    const { account_id: domainId, project_id: projectId, region } = postern.admin;
    const { domains } = await iam().keystoneListAuthDomains();
    expect(domains).toMatchObject([{ id: domainId, name: "postern", enabled: true }]);
    const project = { id: projectId, name: region, domain_id: domainId, is_domain: false, enabled: true };
    expect((await iam().keystoneListAuthProjects()).projects).toMatchObject([project]);
    const named = (name: string) =>
      iam().keystoneListProjects(new KeystoneListProjectsRequest().withName(name));
    expect((await named(region)).projects).toMatchObject([project]);
    expect((await named("elsewhere")).projects).toEqual([]);
  });

  test("signs in by password, and the token works in place of a signature", async () => {
    const { account_id: accountId, project_id: projectId, password, region, user } = postern.admin;
    const answer = await signIn(password);
    const domain = { id: accountId, name: "postern" };
    expect(answer).toMatchObject({
      httpStatusCode: 201,
      token: {
        methods: ["password"],
        project: { id: projectId, name: region, domain },
        user: { name: user, domain },
        expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      },
    });
    const token = tokenOf(answer);
    const request = new KeystoneValidateTokenRequest().withXSubjectToken(token);
    expect(await iam().keystoneValidateToken(request)).toMatchObject({
      token: { project: { id: projectId } },
    });
    const client = CssClient.withToken(postern.endpoint, projectId, token);
    expect(await exceptionOf(client.connections(service.clusterId))).toMatchObject({
      httpStatusCode: 400,
      errorCode: "CSS.5182",
    });
  });

  test("shows a wrong password as a typed exception", async () => {
    expect(await exceptionOf(signIn("wrong"))).toMatchObject({
      type: "ClientRequestException",
      httpStatusCode: 401,
      errorCode: 401,
      errorMsg: expect.stringMatching(/password/),
    });
  });

  test("gets a temporary key for a token, and the key needs its security token", async () => {
    const token = new IdentityToken().withId(tokenOf(await signIn(postern.admin.password)));
    const identity = new TokenAuthIdentity(["token"]).withToken(token.withDurationSeconds(900));
    const body = new CreateTemporaryAccessKeyByTokenRequestBody(new TokenAuth(identity));
    const { credential } = await iam().createTemporaryAccessKeyByToken(
      new CreateTemporaryAccessKeyByTokenRequest().withBody(body),
    );
    const { access = "", secret = "", securitytoken = "" } = credential ?? {};
    const key = { access_key: access, secret_key: secret };
    expect(await listRefused({ ...key, security_token: securitytoken })).toMatchObject({
      errorCode: "CSS.5182",
    });
    expect(await listRefused(key)).toMatchObject({ httpStatusCode: 401, errorCode: "APIGW.0301" });
  });
});

describe("exceptions", () => {
  test.each([
    ["a service that is not open", () => css().connections(service.clusterId), 400, "CSS.5182"],
    ["an unknown cluster", () => css().open(crypto.randomUUID(), {}), 403, "CSS.0015"],
    ["an unknown key", () => css({ ...postern.admin, access_key: "X" }).close("x"), 401, "APIGW.0301"],
    ["a wrong secret key", () => css({ ...postern.admin, secret_key: "X" }).close("x"), 401, "APIGW.0301"],
  ])("%s has its code, status, text and request id", async (_what, call, httpStatusCode, errorCode) => {
    expect(await exceptionOf(call())).toEqual({
      type: "ClientRequestException",
      httpStatusCode,
      errorCode,
      errorMsg: expect.stringMatching(/.{10}/),
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });
});

const list = (page: object = {}) => css().connections<Connections>(service.clusterId, page);
const statuses = async () => (await list()).connections.map(({ status }) => status);

describe("the five operations", () => {
  let own: Endpoint;
  let theirs: Endpoint;

  test("open, for a client that knows the region only", async () => {
    const region = new Region(postern.admin.region, postern.endpoint);
    const client = CssClient.inRegion(region, basicCredentials(postern.admin, postern.endpoint));
    const opened = await client.open(service.clusterId, { endpoint_with_dns_name: true });
    expect(opened).toEqual({ httpStatusCode: 200, action: "createVpcepservice" });
    own = await service.ownEndpoint();
    const answer = await list();
    expect(answer).toStrictEqual({
      httpStatusCode: 200,
      connections: [
        {
          id: own.id,
          status: "accepted",
          maxSession: "3000",
          specificationName: "default",
          vpcepIp: anAddress,
          vpcepDnsName: expect.stringContaining(own.id),
          created_at: aTime,
          domain_id: postern.admin.account_id,
        },
      ],
      vpcepUpdateSwitch: true,
      total_count: 1,
      vpcServiceName: expect.stringMatching(/^region-1\.logs\.[0-9a-f-]{36}$/),
      permissions: [
        {
          id: aUuid,
          permission: `iam:domain::${postern.admin.account_id}`,
          permission_type: "domainId",
          created_at: aTime,
        },
      ],
    });
    expect(await exceptionOf(client.open(service.clusterId, {}))).toMatchObject({ httpStatusCode: 409 });
  });

  test("whitelist, and a connection of the account that it names", async () => {
    const accounts = [postern.admin.account_id, consumer.admin.account_id];
    expect(await css().whitelist(service.clusterId, accounts)).toEqual({ httpStatusCode: 200 });
    const { permissions } = await list();
    expect(permissions.map(({ permission }) => permission).toSorted()).toEqual(
      accounts.map((account) => `iam:domain::${account}`).toSorted(),
    );
    theirs = await createEndpoint(consumer, await service.name());
    await (await openSession(theirs)).echo();
  });

  test("connections, page by page", async () => {
    const idsOf = async (page: object) => {
      const { connections, total_count: total } = await list(page);
      return [total, ...connections.map(({ id }) => id)];
    };
    expect(await idsOf({ limit: 1 })).toEqual([2, theirs.id]);
    expect(await idsOf({ limit: 1, offset: 1 })).toEqual([2, own.id]);
    expect(await idsOf({ offset: 2 })).toEqual([2]);
    expect(await exceptionOf(list({ limit: 0 }))).toMatchObject({
      httpStatusCode: 400,
      errorCode: "CSS.5038",
      errorMsg: expect.stringContaining("limit"),
    });
  });

  test("reject and receive", async () => {
    expect(await css().decide(service.clusterId, "reject", [theirs.id])).toEqual({ httpStatusCode: 200 });
    expect(await statuses()).toEqual(["rejected", "accepted"]);
    expect(await refusalOf(theirs)).toBe("ECONNRESET");
    await css().decide(service.clusterId, "receive", [theirs.id]);
    expect(await statuses()).toEqual(["accepted", "accepted"]);
    await (await openSession(theirs)).echo();
  });

  test("close, with the body that this client sends", async () => {
    const closed = await css().close(service.clusterId);
    expect(closed).toEqual({ httpStatusCode: 200, action: "deleteVpcepservice" });
    expect(await exceptionOf(list())).toMatchObject({ errorCode: "CSS.5182" });
    expect(await refusalOf(own)).toBe("ECONNRESET");
    expect(ok(await postern.api("GET", `/v1.0/{pid}/clusters/${service.clusterId}`))).not.toHaveProperty(
      "vpcepIp",
    );
  });
});
