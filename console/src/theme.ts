import { applyMode, Mode } from "@cloudscape-design/global-styles";

const key = "postern-theme";

export type Theme = "light" | "dark" | "system";

const prefersDark = matchMedia("(prefers-color-scheme: dark)");

/** What the reader has chosen; the system's choice until then. */
export function chosenTheme(): Theme {
  const kept = localStorage.getItem(key);
  return kept === "light" || kept === "dark" ? kept : "system";
}

/** Whether the page is dark now. */
export function isDark(theme: Theme): boolean {
  return theme === "dark" || (theme === "system" && prefersDark.matches);
}

/** Keeps the choice and shows it at once. */
export function chooseTheme(theme: Theme): void {
  if (theme === "system") localStorage.removeItem(key);
  else localStorage.setItem(key, theme);
  show();
}

/** Shows the chosen theme, also when the system's changes. */
export function followSystemTheme(): void {
  prefersDark.addEventListener("change", show);
  show();
}

function show(): void {
  applyMode(isDark(chosenTheme()) ? Mode.Dark : Mode.Light);
}
