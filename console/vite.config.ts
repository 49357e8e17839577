import { defineConfig, type UserConfig } from "vite";

/** Builds the console into `dist/console`. The policy of the page allows no inline script and no inline style. */
const config: UserConfig = defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../dist/console",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  logLevel: "warn",
});

export default config;
