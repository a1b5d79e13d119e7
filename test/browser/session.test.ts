import { beforeEach, expect, test } from "vitest";
import { ConsolePage, operatorAccount } from "../support/browser/console-page.ts";
import { useBrowser } from "../support/browser/use-browser.ts";
import { startPostern, type Postern } from "../support/postern.ts";

let postern: Postern;
let shown: ConsolePage;
const browser = useBrowser(async (parts) => {
  postern = await startPostern();
  parts.defer(() => postern.stop());
});
beforeEach(async () => {
  shown = await ConsolePage.open(browser(), postern.endpoint);
  return () => shown.close();
});

test("a password opens the page that was asked for, and its session outlives a reload", async () => {
  await shown.signIn(operatorAccount, postern.admin, "/networks");
  await shown.heading("Networks").waitFor();
  await shown.page.reload();
  await shown.heading("Networks").waitFor();
  const [cookie] = await shown.page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
  expect(shown.complaints).toEqual([]);
});

test("a wrong password is told, and leaves nothing behind", async () => {
  await shown.goto("/clusters");
  await shown.page.getByLabel("Account").fill(operatorAccount);
  await shown.page.getByLabel("User", { exact: true }).fill(postern.admin.user);
  await shown.page.getByLabel("Password", { exact: true }).fill("wrong");
  await shown.submit();
  await shown.page.getByText("Signing in failed").waitFor();
  expect(await shown.page.context().cookies()).toEqual([]);
});

test("an access key signs in this page alone: a reload forgets it", async () => {
  await shown.goto("/clusters");
  await shown.page.getByRole("tab", { name: "Access key" }).click();
  await shown.page.getByLabel("Access key (AK)").fill(postern.admin.access_key);
  await shown.page.getByLabel("Secret key (SK)").fill(postern.admin.secret_key);
  await shown.submit();
  await shown.heading("Clusters").waitFor();
  expect(await shown.page.context().cookies()).toEqual([]);
  const kept = await shown.page.evaluate("JSON.stringify([localStorage, sessionStorage])");
  expect(kept).not.toContain(postern.admin.secret_key);
  await shown.page.reload();
  await shown.heading("Sign in to Postern").waitFor();
});

test("who signs out sees the form, also after a reload", async () => {
  await shown.signIn(operatorAccount, postern.admin);
  await shown.page.getByRole("button", { name: postern.admin.user }).click();
  await shown.page.getByRole("menuitem", { name: "Sign out" }).click();
  await shown.heading("Sign in to Postern").waitFor();
  await shown.page.reload();
  await shown.heading("Sign in to Postern").waitFor();
  expect(await shown.page.context().cookies()).toEqual([]);
});

test("an address that is none says so, and leads back", async () => {
  await shown.signIn(operatorAccount, postern.admin, "/nowhere/at-all");
  await shown.heading("There is nothing here").waitFor();
  await shown.page.getByRole("link", { name: "To the clusters" }).click();
  await shown.heading("Clusters").waitFor();
  expect(shown.complaints).toEqual([]);
});

test("the chosen theme is kept, against the system's", async () => {
  const isDark = (): Promise<boolean> =>
    shown.page.evaluate("document.body.classList.contains('awsui-dark-mode')");
  await shown.signIn(operatorAccount, postern.admin);
  expect(await isDark()).toBe(false);
  await shown.page.getByRole("button", { name: "Theme" }).click();
  await shown.page.getByRole("menuitemcheckbox", { name: "Dark" }).click();
  expect(await isDark()).toBe(true);
  await shown.page.reload();
  await shown.heading("Clusters").waitFor();
  expect(await isDark()).toBe(true);
});
