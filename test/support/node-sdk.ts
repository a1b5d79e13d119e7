import { BasicCredentials, GlobalCredentials } from "@huaweicloud/huaweicloud-sdk-core";
import { ClientBuilder } from "@huaweicloud/huaweicloud-sdk-core/ClientBuilder.js";
import { HcClient } from "@huaweicloud/huaweicloud-sdk-core/HcClient.js";
import type { HttpRequestOptions } from "@huaweicloud/huaweicloud-sdk-core/HcClient.js";
import { DefaultHttpClient } from "@huaweicloud/huaweicloud-sdk-core/http/DefaultHttpClient.js";
import { ServiceResponseException } from "@huaweicloud/huaweicloud-sdk-core/exception/ServiceResponseException.js";
import { Logger4jInstance } from "@huaweicloud/huaweicloud-sdk-core/logger/log4jLogger.js";
import type { Region } from "@huaweicloud/huaweicloud-sdk-core/region/region.js";
import type { UserOptions } from "@huaweicloud/huaweicloud-sdk-core/UserOptions.js";
import type { SdkResponse } from "@huaweicloud/huaweicloud-sdk-core/SdkResponse.js";
import { IamClient } from "@huaweicloud/huaweicloud-sdk-iam/v3/public-api.js";

/** An access key; a temporary one comes with its security token. */
export type AccessKey = {
  readonly access_key: string;
  readonly secret_key: string;
  readonly security_token?: string;
};

/** The core logs whole requests when one is refused, passwords and signatures included. */
Logger4jInstance.level = "off";

/** With its own user agent the core keeps an identity of the machine in the home directory. */
const options: UserOptions = { customUserAgent: "postern-tests" };

/** The client's credentials for regional services. Without a project the client looks it up. */
export function basicCredentials(key: AccessKey, endpoint: string, projectId?: string): BasicCredentials {
  const credentials = new BasicCredentials()
    .withAk(key.access_key)
    .withSk(key.secret_key)
    .withIamEndpoint(endpoint);
  if (key.security_token !== undefined) credentials.withSecurityToken(key.security_token);
  if (projectId !== undefined) credentials.withProjectId(projectId);
  return credentials;
}

/** The published identity client, which signs for the account of the key. */
export function iamClient(endpoint: string, key: AccessKey & { readonly account_id: string }): IamClient {
  const credentials = new GlobalCredentials()
    .withAk(key.access_key)
    .withSk(key.secret_key)
    .withDomainId(key.account_id);
  return IamClient.newBuilder()
    .withEndpoint(endpoint)
    .withCredential(credentials)
    .withOptions(options)
    .build();
}

/** What the published exception tells a caller. @throws Error when `call` succeeds or fails otherwise. */
export async function exceptionOf(call: Promise<unknown>): Promise<object> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ServiceResponseException)) throw error;
    const { httpStatusCode, errorCode, errorMsg, requestId } = error;
    return { type: error.constructor.name, httpStatusCode, errorCode, errorMsg, requestId };
  }
  throw new Error("The call succeeded");
}

type Part = "method" | "url" | "queryParams" | "data";

/**
 * The vpcepservice calls for the official core, written as its generated packages write theirs: the core builds,
 * signs and sends the request and makes the exception of an error.
 */
export class CssClient {
  readonly #client: HcClient;
  readonly #projectId: string | undefined;
  readonly #headers: Readonly<Record<string, string>>;

  private constructor(client: HcClient, projectId?: string, headers: Readonly<Record<string, string>> = {}) {
    this.#client = client;
    this.#projectId = projectId;
    this.#headers = headers;
  }

  /** Signs every request. */
  static withKey(endpoint: string, credentials: BasicCredentials): CssClient {
    return new ClientBuilder((client) => new CssClient(client))
      .withEndpoint(endpoint)
      .withCredential(credentials)
      .withOptions(options)
      .build();
  }

  /** Knows a region only: the core asks the identity service for the project. */
  static inRegion(region: Region, credentials: BasicCredentials): CssClient {
    return new ClientBuilder((client) => new CssClient(client))
      .withRegion(region)
      .withCredential(credentials)
      .withOptions(options)
      .build();
  }

  /** Sends the token in place of a signature. */
  static withToken(endpoint: string, projectId: string, token: string): CssClient {
    const client = new HcClient(new DefaultHttpClient({}, [endpoint])).withEndpoints([endpoint]);
    return new CssClient(client, projectId, { "X-Auth-Token": token });
  }

  open(clusterId: string, data: object): Promise<SdkResponse & { action?: string }> {
    return this.#send(clusterId, { method: "POST", url: "open", queryParams: {}, data });
  }

  close(clusterId: string): Promise<SdkResponse & { action?: string }> {
    // As the generated client has it: no body of its own, which the core sends as an empty object.
    return this.#send(clusterId, { method: "PUT", url: "close", queryParams: {}, data: {} });
  }

  connections<Listed extends object>(
    clusterId: string,
    queryParams: { readonly limit?: number; readonly offset?: number } = {},
  ): Promise<SdkResponse & Listed> {
    return this.#send(clusterId, { method: "GET", url: "connections", queryParams, data: {} });
  }

  decide(clusterId: string, action: "receive" | "reject", ids: readonly string[]): Promise<SdkResponse> {
    const data = { action, endpoint_id_list: ids };
    return this.#send(clusterId, { method: "POST", url: "connections", queryParams: {}, data });
  }

  whitelist(clusterId: string, accounts: readonly string[]): Promise<SdkResponse> {
    const data = { vpc_permissions: accounts };
    return this.#send(clusterId, { method: "POST", url: "permissions", queryParams: {}, data });
  }

  #send<Answer extends SdkResponse>(
    clusterId: string,
    { url, ...parts }: Pick<HttpRequestOptions, Part>,
  ): Promise<Answer> {
    const project = this.#projectId === undefined ? {} : { project_id: this.#projectId };
    return this.#client.sendRequest<Answer>({
      ...parts,
      url: `/v1.0/{project_id}/clusters/{cluster_id}/vpcepservice/${url}`,
      contentType: "application/json",
      headers: { ...this.#headers },
      pathParams: { ...project, cluster_id: clusterId },
    });
  }
}
