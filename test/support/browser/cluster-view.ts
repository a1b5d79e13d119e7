import type { Locator } from "playwright-core";
import type { ConsolePage } from "./console-page.ts";

/** A cluster's page, moved by its tabs and buttons alone. */
export class ClusterView {
  readonly #shown: ConsolePage;

  constructor(shown: ConsolePage) {
    this.#shown = shown;
  }

  /** Goes to a tab by clicking at it. */
  async tab(name: string): Promise<void> {
    await this.#shown.page.getByRole("tab", { name, exact: true }).click();
  }

  /** The row of a table that has this text somewhere. */
  row(text: string): Locator {
    return this.#shown.page.getByRole("row").filter({ hasText: text });
  }

  /** A line of the picture, by how its description begins. */
  edge(name: string | RegExp): Locator {
    return this.#shown.page.getByRole("group").getByRole("button", { name });
  }

  /** Ticks the rows of these names. */
  async select(...names: readonly string[]): Promise<void> {
    for (const name of names)
      await this.#shown.page.getByRole("checkbox", { name: `Select ${name}` }).check();
  }

  /** Presses a button of the page; gives the dialog that it opens. */
  async ask(button: Locator | string): Promise<Locator> {
    const { page } = this.#shown;
    await (
      typeof button === "string" ? page.getByRole("button", { name: button, exact: true }) : button
    ).click();
    return page.getByRole("dialog");
  }

  /**
   * Confirms a dialog once it has shown what it says, and closes it once it has told what it did.
   * @param says each of these is to be read before anything is confirmed
   * @param told what is to be read afterwards
   */
  async confirm(dialog: Locator, button: string, says: readonly string[], told: string): Promise<void> {
    for (const text of says) await dialog.getByText(text).first().waitFor();
    await dialog.getByRole("button", { name: button, exact: true }).click();
    await dialog.getByText(told).waitFor();
    await dialog.getByText("Every gateway has it in force.").waitFor();
    await dialog.getByRole("button", { name: "Close", exact: true }).click();
    await dialog.waitFor({ state: "hidden" });
  }
}
