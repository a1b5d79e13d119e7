import { describe, expect, test } from "vitest";
import { judgeCluster, judgeHealth } from "./cluster.ts";
import { foreignAddresses, judgeSniffing, publishedAddresses } from "./sniffing.ts";

const answer = (body: unknown, status = 200) => ({ status, body });

describe("the cluster", () => {
  test.each([
    [
      { version: { number: "2.19.0", distribution: "opensearch" }, cluster_name: "logs" },
      "ok",
      /^OpenSearch 2\.19\.0 of cluster logs/,
    ],
    [{ version: { number: "8.1.0" } }, "ok", /^Elasticsearch 8\.1\.0 answers/],
    [{ version: { number: "8".repeat(1_000) } }, "ok", /^Elasticsearch 8{100} answers/],
    [{ hello: "world" }, "failed", /no OpenSearch/],
    [undefined, "failed", /no OpenSearch/],
    [[], "failed", /no OpenSearch/],
  ])("%j is %s", (body, verdict, text) => {
    expect(judgeCluster(answer(body), "none")).toMatchObject({ verdict, text: expect.stringMatching(text) });
  });

  test.each([
    [{ status: "green" }, "ok", /^$/],
    [{ status: "yellow", number_of_nodes: 1 }, "warning", /number_of_replicas/],
    [{ status: "yellow", number_of_nodes: 3 }, "warning", /allocation\/explain/],
    [{ status: "red" }, "failed", /allocation\/explain/],
    [{ status: "blue" }, "failed", /HTTP port/],
  ])("with health %j is %s", (body, verdict, fix) => {
    const finding = judgeHealth(answer(body), "none");
    expect(finding).toMatchObject({ check: "health", verdict });
    expect(finding.fix ?? "").toMatch(fix);
  });

  test.each([
    [{ error: "ECONNRESET" }, "none", "failed", /ECONNRESET/, /postern cluster show/],
    [answer({}, 401), "none", "warning", /wants a user/, /--username/],
    [answer({}, 401), "sent", "failed", /refuses this user/, /Correct/],
    [answer({}, 401), "withheld", "skipped", /was not sent/, /http:\/\//],
    [answer({}, 403), "sent", "warning", /may not/, /monitor/],
    [answer({}, 503), "none", "failed", /HTTP 503/, /logs/],
  ] as const)("that answers %j, credentials %s", (given, credentials, verdict, text, fix) => {
    for (const judge of [judgeCluster, judgeHealth]) {
      const finding = judge(given, credentials);
      expect(finding).toMatchObject({ verdict, text: expect.stringMatching(text) });
      expect(finding.fix).toMatch(fix);
    }
  });
});

describe("sniffing", () => {
  const nodes = (...texts: unknown[]) =>
    answer({
      nodes: Object.fromEntries(texts.map((text, index) => [index, { http: { publish_address: text } }])),
    });
  const own = [{ address: "10.0.0.5", port: 9_200 }];
  const tried = { address: "192.0.2.1", port: 9_200, code: "" };

  test("addresses are read in every form, each once; what is none is left out", () => {
    const given = nodes(
      "10.0.0.1:9200",
      "node/10.0.0.1:9200",
      "[fd00::1]:9200",
      "node.example:9200",
      7,
      "1.2.3:9200",
      "10.0.0.2:99999",
    );
    expect(publishedAddresses(given)).toEqual([
      { address: "10.0.0.1", port: 9_200 },
      { address: "fd00::1", port: 9_200 },
    ]);
    for (const body of [
      undefined,
      [],
      { nodes: 7 },
      { nodes: { a: null } },
      { nodes: { a: { http: [] } } },
    ]) {
      expect(publishedAddresses(answer(body))).toEqual([]);
    }
  });

  test("the endpoint's own address is not foreign, another port of it is", () => {
    const published = [...own, { address: "10.0.0.5", port: 9_201 }];
    expect(foreignAddresses(published, own)).toEqual([{ address: "10.0.0.5", port: 9_201 }]);
  });

  test.each([
    [nodes("10.0.0.5:9200"), [], "ok", /no address but/],
    [nodes(), [], "skipped", /tell no address/],
    [nodes("192.0.2.1:9200"), [{ ...tried, outcome: "open" }], "warning", /past the endpoint/],
    [nodes("192.0.2.1:9200"), [{ ...tried, outcome: "silent" }], "warning", /stop working/],
    [
      nodes(...[1, 2, 3, 4].map((n) => `192.0.2.${n}:9200`)),
      [],
      "warning",
      /4 node addresses \(.*192\.0\.2\.3:9200, …\)/,
    ],
    [answer({}, 403), [], "warning", /may not/],
  ] as const)("%j", (given, reached, verdict, text) => {
    const finding = judgeSniffing(given, "none", own, reached);
    expect(finding).toMatchObject({ check: "sniffing", verdict, text: expect.stringMatching(text) });
    expect(finding.fix?.includes("sniffOnStart: false") ?? false).toBe(
      verdict === "warning" && given.status === 200,
    );
  });
});
