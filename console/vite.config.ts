import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "/console/",
  plugins: [react()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    // A policy without inline code allows no data: scripts either; fonts and icons stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    // One file a page is what the budget of compressed script is counted in.
    chunkSizeWarningLimit: 1_600,
  },
  server: { proxy: { "^/(postern|v1|v1.0|v2|v3|openapi.json)": "http://127.0.0.1:9700" } },
});
