import { storedChoice } from "./stored.ts";

export const THEMES = ["system", "light", "dark"] as const;
export const theme = storedChoice("theme", THEMES);

/** Marks the document with the theme, now and whenever it changes. */
export function applyTheme(): void {
  theme.subscribe((value) => {
    if (value === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = value;
  });
}
