/**
 * Whether what changed is asked for again at once. It is not while what the page shows is being taken away, nor after
 * that until the page is left.
 */
export class RefetchGate {
  #path = "";
  #closedAt: string | undefined;

  get refetchType(): "active" | "none" {
    return this.#closedAt === undefined ? "active" : "none";
  }

  /** Another page is shown, or the same one still. */
  arriveAt(path: string): void {
    this.#path = path;
    if (path !== this.#closedAt) this.open();
  }

  close(): void {
    this.#closedAt = this.#path;
  }

  open(): void {
    this.#closedAt = undefined;
  }
}
