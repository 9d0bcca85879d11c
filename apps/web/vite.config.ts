import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const sourceOf = (name: string) =>
  decodeURIComponent(new URL(`../../packages/${name}/src/index.ts`, import.meta.url).pathname);

export default defineConfig({
  plugins: [react()],
  resolve: {
    // From source, so that the dashboard never ships an older build of the rules than the one that was checked.
    alias: { "@mailbrake/contract": sourceOf("contract"), "@mailbrake/domain": sourceOf("domain") },
  },
  build: {
    target: "es2022",
    sourcemap: false,
    manifest: true,
    // The policy forbids data: scripts and inline ones; small files stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
