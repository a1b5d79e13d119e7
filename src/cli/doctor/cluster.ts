import { isJsonObject } from "../json.ts";
import { failed, ok, skipped, warning, type Finding } from "./finding.ts";

/** What an HTTP request came to. */
export type HttpAnswer = { readonly status: number; readonly body: unknown } | { readonly error: string };

/** What became of the user's password. `withheld`: it was given, and the connection is not safe to send it over. */
export type Credentials = "none" | "sent" | "withheld";

const health = "health";
const shownCharacters = 100;

/** Judges `GET /`. */
export function judgeCluster(answer: HttpAnswer, credentials: Credentials): Finding {
  const check = "cluster";
  const problem = judgeAnswer(check, answer, credentials);
  if (problem !== undefined) return problem;
  const body = bodyOf(answer);
  const version = isJsonObject(body["version"]) ? body["version"] : {};
  if (typeof version["number"] !== "string") {
    return failed(
      check,
      "Something answers over HTTP, but it is no OpenSearch or Elasticsearch.",
      "Check the port; the cluster's owner sees with postern cluster show CLUSTER where connections are led.",
    );
  }
  const engine = version["distribution"] === "opensearch" ? "OpenSearch" : "Elasticsearch";
  const name = typeof body["cluster_name"] === "string" ? ` of cluster ${clip(body["cluster_name"])}` : "";
  return ok(check, `${engine} ${clip(version["number"])}${name} answers.`);
}

/** Judges `GET /_cluster/health`. */
export function judgeHealth(answer: HttpAnswer, credentials: Credentials): Finding {
  const problem = judgeAnswer(health, answer, credentials);
  if (problem !== undefined) return problem;
  const body = bodyOf(answer);
  switch (body["status"]) {
    case "green":
      return ok(health, "The cluster is green.");
    case "yellow":
      return warning(
        health,
        "The cluster is yellow: all data is there, some of its copies are not.",
        body["number_of_nodes"] === 1
          ? "With a single node copies have no place: set number_of_replicas to 0, or ask the owner for more nodes."
          : "Ask the cluster's owner what GET /_cluster/allocation/explain says.",
      );
    case "red":
      return failed(
        health,
        "The cluster is red: some of its data cannot be read.",
        "Ask the cluster's owner what GET /_cluster/allocation/explain says; the endpoint itself works.",
      );
    default:
      return failed(
        health,
        "What answers tells no health as a cluster does.",
        "Check that the port leads to the cluster's HTTP port.",
      );
  }
}

/** Returns the finding for an answer that is none to go on with; undefined for one that is. */
export function judgeAnswer(
  check: string,
  answer: HttpAnswer,
  credentials: Credentials,
): Finding | undefined {
  if ("error" in answer) {
    return failed(
      check,
      `The request got no answer (${answer.error}).`,
      "Ask the cluster's owner whether the nodes serve: postern cluster show CLUSTER",
    );
  }
  if (answer.status === 200) return undefined;
  if (answer.status === 401) return judgeUnauthorised(check, credentials);
  if (answer.status === 403) {
    return warning(
      check,
      "The user may not ask this (HTTP 403).",
      "Give a user with the right to monitor the cluster: --username NAME --password-file FILE",
    );
  }
  return failed(
    check,
    `The cluster answers HTTP ${answer.status}.`,
    "Ask the cluster's owner what its nodes' logs say.",
  );
}

function judgeUnauthorised(check: string, credentials: Credentials): Finding {
  if (credentials === "sent") {
    return failed(
      check,
      "The cluster refuses this user and password (HTTP 401).",
      "Correct --username and the password.",
    );
  }
  if (credentials === "none") {
    return warning(
      check,
      "The cluster answers and wants a user (HTTP 401).",
      "Add --username NAME --password-file FILE.",
    );
  }
  return skipped(
    check,
    "The cluster wants a user; the password was not sent, as the connection does not protect it.",
    "Do first what stands at TLS; over plain HTTP it is sent to an endpoint that is written as http://HOST:PORT.",
  );
}

/** What the cluster says of itself is not to fill the screen. */
function clip(text: string): string {
  return text.slice(0, shownCharacters);
}

function bodyOf(answer: HttpAnswer): Readonly<Record<string, unknown>> {
  return "body" in answer && isJsonObject(answer.body) ? answer.body : {};
}
