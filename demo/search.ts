import { Client } from "@opensearch-project/opensearch";
import { demoDocuments } from "./documents.ts";

const query = "gate castle";

/** Writes the demo's documents straight to the node, as the cluster's owner would. Returns how many there are. */
export async function indexDocuments(nodeUrl: string, index: string): Promise<number> {
  const client = new Client({ node: nodeUrl, requestTimeout: 60_000 });
  try {
    const documents = demoDocuments();
    const body = documents.flatMap(({ id, ...document }) => [
      { index: { _index: index, _id: id } },
      document,
    ]);
    const answer = await client.bulk({ body, refresh: true });
    if (answer.body.errors) throw new Error("The node refused some of the documents");
    const { body: count } = await client.count({ index });
    if (count.count !== documents.length) {
      throw new Error(`The node counts ${count.count} of ${documents.length} documents`);
    }
    return documents.length;
  } finally {
    await client.close();
  }
}

export async function deleteIndex(nodeUrl: string, index: string): Promise<void> {
  const client = new Client({ node: nodeUrl, requestTimeout: 10_000 });
  try {
    await client.indices.delete({ index, ignore_unavailable: true });
  } finally {
    await client.close();
  }
}

export type Found = { readonly hits: number; readonly best: string };

/**
 * Searches through an endpoint with the official client, on a connection of its own and without a second try.
 * @throws Error when the endpoint refuses or does not answer within 5 s.
 */
export async function searchThrough(endpointUrl: string, index: string): Promise<Found> {
  const client = new Client({ node: endpointUrl, requestTimeout: 5_000, maxRetries: 0 });
  try {
    const { body } = await client.search({ index, body: { query: { match: { body: { query } } } } });
    const { total, hits } = body.hits;
    const source: { readonly title?: unknown } = Object(hits[0]?._source);
    const count = typeof total === "number" ? total : (total?.value ?? 0);
    return { hits: count, best: typeof source.title === "string" ? source.title : "" };
  } finally {
    await client.close();
  }
}
