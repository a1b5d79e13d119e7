/** Revisions whose requests are remembered. */
const mostRevisions = 1_000;
/** Most ids of one answer: they go in a header. */
const mostTold = 32;

/** Which requests made the latest revisions, so that a log line of a gateway leads to one of the server's. */
export class RevisionRequests {
  readonly #requests = new Map<number, string>();

  /** Notes a revision that is greater than those before it. */
  note(revision: number, requestId: string | undefined): void {
    if (requestId === undefined) return;
    this.#requests.set(revision, requestId);
    if (this.#requests.size <= mostRevisions) return;
    const [oldest] = this.#requests.keys();
    if (oldest !== undefined) this.#requests.delete(oldest);
  }

  /** Returns the ids behind the revisions after `known` up to `revision`, oldest first: the newest 32 of them. */
  between(known: number, revision: number): readonly string[] {
    const ids: string[] = [];
    for (
      let made = revision;
      made > known && ids.length < mostTold && revision - made < mostRevisions;
      made -= 1
    ) {
      const id = this.#requests.get(made);
      if (id !== undefined) ids.unshift(id);
    }
    return ids;
  }
}
