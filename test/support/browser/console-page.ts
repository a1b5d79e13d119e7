import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import type { Admin } from "../postern.ts";

export type Theme = "light" | "dark";

export const themes: readonly Theme[] = ["light", "dark"];

export type ConsoleOptions = {
  /** In CSS pixels; default 1,280 by 900. */
  readonly viewport?: { readonly width: number; readonly height: number };
};

/** Something to look at, below `/console`. */
export type View = {
  readonly path: string;
  /** What is done there to see what is meant, such as opening a dialog. */
  readonly act?: (page: Page) => Promise<void>;
};

/** The account that the first start makes. */
export const operatorAccount = "postern";

/** A browser of its own, without cookies, that shows the console. */
export class ConsolePage {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #endpoint: string;
  readonly #complaints: string[] = [];

  private constructor(context: BrowserContext, page: Page, endpoint: string) {
    this.#context = context;
    this.page = page;
    this.#endpoint = endpoint;
    page.on("pageerror", (error) => this.#complaints.push(error.message));
    page.on("console", (message) => {
      // Answers of 4xx and 5xx, and none, are what pages are shown with: the browser notes each.
      const isAnswer = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !isAnswer) this.#complaints.push(message.text());
    });
  }

  static async open(browser: Browser, endpoint: string, options: ConsoleOptions = {}): Promise<ConsolePage> {
    const context = await browser.newContext({
      viewport: options.viewport ?? { width: 1_280, height: 900 },
      reducedMotion: "reduce",
    });
    context.setDefaultTimeout(15_000);
    return new ConsolePage(context, await context.newPage(), endpoint);
  }

  /** Errors of the page's scripts, and whatever its policy has stopped. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  /** @param path below `/console`, such as `/clusters` */
  async goto(path: string): Promise<void> {
    await this.page.goto(`${this.#endpoint}/console${path}`);
  }

  /** Signs in by password, and waits for the page that was asked for. */
  async signIn(account: string, admin: Pick<Admin, "user" | "password">, path = "/clusters"): Promise<void> {
    await this.goto(path);
    await this.page.getByLabel("Account").fill(account);
    await this.page.getByLabel("User", { exact: true }).fill(admin.user);
    await this.page.getByLabel("Password", { exact: true }).fill(admin.password);
    await this.submit();
    await this.page.getByRole("navigation", { name: "Sections" }).waitFor();
  }

  /** Goes to a page, waits for what it shows, and does there what is to be done. */
  async show({ path, act }: View): Promise<void> {
    await this.goto(path);
    await this.untilLoaded();
    await act?.(this.page);
  }

  /** Has the reader's system prefer a theme from now on; a page begins with the light one. */
  async wear(theme: Theme): Promise<void> {
    await this.page.emulateMedia({ colorScheme: theme });
    const body = theme === "dark" ? "body.awsui-dark-mode" : "body:not(.awsui-dark-mode)";
    await this.page.locator(body).waitFor();
  }

  async submit(): Promise<void> {
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  /** The heading of the first order. */
  heading(name: string | RegExp): Locator {
    return this.page.getByRole("heading", { level: 1, name });
  }

  /** Waits until nothing is loading any more. */
  async untilLoaded(): Promise<void> {
    await this.page.getByRole("heading", { level: 1 }).first().waitFor();
    await this.page.getByText("Loading", { exact: true }).first().waitFor({ state: "hidden" });
  }

  /** Presses Tab until the link of this name has the focus. @throws Error when it never gets it */
  async tabTo(name: string): Promise<void> {
    const mostPresses = 60;
    for (let press = 0; press < mostPresses; press += 1) {
      await this.page.keyboard.press("Tab");
      const focused = await this.page.evaluate<string>("document.activeElement?.textContent ?? ''");
      if (focused.trim() === name) return;
    }
    throw new Error(`${mostPresses} presses of Tab did not lead to ${name}`);
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}
